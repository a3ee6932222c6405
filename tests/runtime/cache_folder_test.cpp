// The folder of built engines: this user's own, or none.
#include "runtime/cache_folder.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "support/temp_dir.hpp"

namespace trtyolo {
namespace {

namespace fs = std::filesystem;

// Sets the environment for a test, and puts it back.
class CacheFolderTest : public testing::Test {
 protected:
  CacheFolderTest() {
    for (const char* name : {"TRTYOLO_CACHE", "XDG_CACHE_HOME", "HOME"}) {
      const char* const value = std::getenv(name);
      before_[name] = value ? std::optional<std::string>(value) : std::nullopt;
      unsetenv(name);
    }
  }
  ~CacheFolderTest() override {
    for (const auto& [name, value] : before_) {
      value ? setenv(name.c_str(), value->c_str(), 1) : unsetenv(name.c_str());
    }
  }

  static mode_t modeOf(const std::string& path) {
    struct stat found {};
    return stat(path.c_str(), &found) == 0 ? found.st_mode & 0777U : 0;
  }
  // Nothing is used, and the reason has these words and what to do.
  static void expectNone(const std::string& words) {
    const CacheFolder cache = openCacheFolder();
    EXPECT_EQ(cache.path, "") << words;
    EXPECT_NE(cache.whyNone.find(words), std::string::npos) << cache.whyNone;
    EXPECT_NE(cache.whyNone.find("TRTYOLO_CACHE"), std::string::npos) << cache.whyNone;
  }

  std::map<std::string, std::optional<std::string>> before_;
  const test::TempDir folder_;
};

TEST_F(CacheFolderTest, IsMadeForTheUserAlone) {
  const mode_t mask = umask(0);
  const std::string base = fs::canonical(folder_ / "").string();
  setenv("HOME", (folder_ / "home").c_str(), 1);
  EXPECT_EQ(openCacheFolder().path, base + "/home/.cache/trtyolo");
  EXPECT_EQ(modeOf(folder_ / "home/.cache/trtyolo"), 0700U);
  setenv("XDG_CACHE_HOME", (folder_ / "xdg").c_str(), 1);
  EXPECT_EQ(openCacheFolder().path, base + "/xdg/trtyolo");
  setenv("TRTYOLO_CACHE", (folder_ / "mine/deep").c_str(), 1);
  EXPECT_EQ(openCacheFolder().path, base + "/mine/deep");
  EXPECT_EQ(modeOf(folder_ / "mine/deep"), 0700U);
  EXPECT_EQ(openCacheFolder().whyNone, "");
  umask(mask);
}

TEST_F(CacheFolderTest, ThereIsNoneWithoutAHome) {
  expectNone("none of");
  setenv("XDG_CACHE_HOME", "relative", 1);
  setenv("HOME", "", 1);
  expectNone("none of");
  EXPECT_FALSE(fs::exists("relative"));
}

TEST_F(CacheFolderTest, WhatOthersMayUseIsNone) {
  const std::string folder = folder_ / "shared";
  fs::create_directory(folder);
  setenv("TRTYOLO_CACHE", folder.c_str(), 1);
  for (const mode_t mode : {0777U, 0770U, 0755U, 0701U, 01777U}) {
    ASSERT_EQ(chmod(folder.c_str(), mode), 0);
    expectNone("chmod 700");
    EXPECT_EQ(modeOf(folder), mode & 0777U);  // what the user has named stays as it is
  }
  ASSERT_EQ(chmod(folder.c_str(), 0700), 0);
  EXPECT_NE(openCacheFolder().path, "");
}

// Elder versions made it readable by all.
TEST_F(CacheFolderTest, TheLibrarysOwnIsClosed) {
  setenv("HOME", (folder_ / "").c_str(), 1);
  fs::create_directories(folder_ / ".cache/trtyolo");
  ASSERT_EQ(chmod((folder_ / ".cache/trtyolo").c_str(), 0755), 0);
  EXPECT_NE(openCacheFolder().path, "");
  EXPECT_EQ(modeOf(folder_ / ".cache/trtyolo"), 0700U);
}

TEST_F(CacheFolderTest, APlantedLinkIsNotFollowed) {
  setenv("HOME", (folder_ / "").c_str(), 1);
  fs::create_directories(folder_ / ".cache");
  fs::create_directory(folder_ / "elsewhere");
  ASSERT_EQ(chmod((folder_ / "elsewhere").c_str(), 0700), 0);
  fs::create_directory_symlink(folder_ / "elsewhere", folder_ / ".cache/trtyolo");
  expectNone("it is a link");
  // One that the user names leads where the user wants.
  setenv("TRTYOLO_CACHE", (folder_ / ".cache/trtyolo").c_str(), 1);
  EXPECT_EQ(openCacheFolder().path, fs::canonical(folder_ / "elsewhere"));
}

TEST_F(CacheFolderTest, WhatOthersOwnIsNone) {
  if (geteuid() != 0) {
    GTEST_SKIP() << "only root can give folders away";
  }
  fs::create_directory(folder_ / "theirs");
  ASSERT_EQ(chmod((folder_ / "theirs").c_str(), 0700), 0);
  ASSERT_EQ(chown((folder_ / "theirs").c_str(), 12345, 12345), 0);
  setenv("TRTYOLO_CACHE", (folder_ / "theirs").c_str(), 1);
  expectNone("another user");
}

TEST_F(CacheFolderTest, WhatEverybodyMayReplaceIsNone) {
  fs::create_directories(folder_ / "open/mine");
  ASSERT_EQ(chmod((folder_ / "open/mine").c_str(), 0700), 0);
  setenv("TRTYOLO_CACHE", (folder_ / "open/mine").c_str(), 1);
  ASSERT_EQ(chmod((folder_ / "open").c_str(), 0777), 0);
  expectNone("everybody may replace");
  ASSERT_EQ(chmod((folder_ / "open").c_str(), 01777), 0);  // as /tmp is
  EXPECT_NE(openCacheFolder().path, "");
}

TEST_F(CacheFolderTest, WhatCannotBeMadeIsNone) {
  setenv("TRTYOLO_CACHE", "/proc/trtyolo", 1);
  expectNone("'/proc/trtyolo'");
  setenv("TRTYOLO_CACHE", folder_.write("file", "").c_str(), 1);
  expectNone("'" + (folder_ / "file") + "'");
}

TEST(CachedEngineNameTest, IsNoLongerThanFileSystemsAllow) {
  EXPECT_EQ(cachedEngineName("some/yolo11n.onnx", "0123"), "yolo11n-0123.engine");
  const std::string key(64, '0');
  EXPECT_LT(cachedEngineName(std::string(250, 'x') + ".onnx", key).size() + std::string(".lock").size(), 200U);
}

TEST(TimingsNameTest, IsOfOneVersionOnOneKindOfGpu) {
  EXPECT_EQ(timingsName("NVIDIA H200", "10.16.0"), "timings-NVIDIA-H200-10.16.0");
  EXPECT_NE(timingsName("NVIDIA H200", "10.16.0"), timingsName("NVIDIA L4", "10.16.0"));
  EXPECT_NE(timingsName("NVIDIA H200", "10.16.0"), timingsName("NVIDIA H200", "11.4.0"));
  EXPECT_EQ(timingsName("../a b", "1").find('/'), std::string::npos);
}

}  // namespace
}  // namespace trtyolo
