// Engine files that are damaged, and the cache of engines.
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "cuda/gpu.hpp"
#include "gpu/engines.hpp"

namespace trtyolo {
namespace {

using test::engineOf;
using test::textOf;

namespace fs = std::filesystem;

TEST(GpuFilesTest, WrongPlansAreRefused) {
  TRTYOLO_NEEDS_GPU();
  std::ifstream stream(engineOf("detect", "f32"), std::ios::binary);
  const std::string whole((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  ASSERT_GT(whole.size(), 1000U);
  const std::string path = (fs::temp_directory_path() / "trtyolo-wrong.engine").string();
  const auto load = [&](const std::string& content) {
    std::ofstream(path, std::ios::binary) << content;
    DetectModel model(path);
  };
  EXPECT_NO_THROW(load(whole));
  EXPECT_THROW(load(whole.substr(0, whole.size() / 2)), ModelError);
  EXPECT_THROW(load(whole.substr(0, 100)), ModelError);
  const std::size_t plan = whole.find("ftrt");
  ASSERT_NE(plan, std::string::npos);
  std::string damaged = whole;
  for (std::size_t i = plan + 200; i < plan + 260; ++i) {
    damaged[i] = static_cast<char>(damaged[i] ^ 0x5A);
  }
  EXPECT_THROW(load(damaged), ModelError);
  EXPECT_NO_THROW({
    std::ofstream(path, std::ios::binary) << whole.substr(plan);  // without metadata
    DetectModel model(path);
    EXPECT_EQ(model.info().names.size(), 6U);
  });
  fs::remove(path);
}

// A cache of its own, for a test.
class CacheFolder {
 public:
  CacheFolder() : path_(fs::temp_directory_path() / ("trtyolo-cache-" + std::to_string(::getpid()))) {
    fs::remove_all(path_);
    setenv("TRTYOLO_CACHE", path_.c_str(), 1);
  }
  ~CacheFolder() {
    unsetenv("TRTYOLO_CACHE");
    fs::remove_all(path_);
  }

  const fs::path& path() const { return path_; }
  std::vector<fs::path> engines() const {
    return files([](const fs::path& path) { return path.extension() == ".engine"; });
  }
  std::vector<fs::path> filesThatBeginWith(const std::string& text) const {
    return files([&](const fs::path& path) { return path.filename().string().rfind(text, 0) == 0; });
  }

 private:
  template <typename Wanted>
  std::vector<fs::path> files(const Wanted& wanted) const {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(path_)) {
      if (wanted(entry.path())) {
        found.push_back(entry.path());
      }
    }
    return found;
  }

  fs::path path_;
};

// What the library logs during the lifetime of this, without TensorRT's own messages.
class HeardLog {
 public:
  HeardLog() {
    text.clear();
    setLog([](LogLevel, const char* message) {
      const std::lock_guard lock(mutex);
      if (std::string_view(message).rfind("TensorRT: ", 0) != 0) {
        text.append(message) += '\n';
      }
    });
  }
  ~HeardLog() { setLog(nullptr); }
  HeardLog(const HeardLog&) = delete;
  HeardLog& operator=(const HeardLog&) = delete;

  static inline std::mutex mutex;
  static inline std::string text;
};

// What a model loaded from the file finds, and what was logged meanwhile. Nothing is written to standard error.
std::pair<std::string, std::string> findAndSay(const std::string& file, Precision precision = Precision::F32) {
  const HeardLog log;
  testing::internal::CaptureStderr();
  std::vector<std::uint8_t> pixels(std::size_t{300} * 200 * 3);
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    pixels[i] = static_cast<std::uint8_t>(i / 7 * 31);
  }
  DetectModel model(file, InferOption().setPrecision(precision).setConfidence(0.01F));
  const DetResult found = model.predict(Image(pixels.data(), 300, 200));
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  return {textOf(found), HeardLog::text};
}

TEST(GpuCacheTest, ModelsAreBuiltOnceAndStaleEnginesAnew) {
  TRTYOLO_NEEDS_GPU();
  const CacheFolder cache;
  const std::string file = test::dataPath("tiny.onnx");
  const auto [found, said] = findAndSay(file);
  EXPECT_NE(found.find("num="), std::string::npos) << found;
  EXPECT_EQ(found.find("num=0"), std::string::npos) << found;
  EXPECT_NE(said.find("building a TensorRT engine"), std::string::npos) << said;
  ASSERT_EQ(cache.engines().size(), 1U);

  const auto [again, saidAgain] = findAndSay(file);
  EXPECT_EQ(again, found);
  EXPECT_EQ(saidAgain, "");

  // Another precision is another engine.
  findAndSay(file, Precision::F16);
  EXPECT_EQ(cache.engines().size(), 2U);
  for (const fs::path& engine : cache.engines()) {
    fs::resize_file(engine, fs::file_size(engine) / 2);
  }
  const auto [rebuilt, saidRebuilt] = findAndSay(file);
  EXPECT_EQ(rebuilt, found);
  EXPECT_NE(saidRebuilt.find("is built anew"), std::string::npos) << saidRebuilt;
  EXPECT_EQ(findAndSay(file).second, "");

  // Another content of the file, too.
  std::ifstream stream(file, std::ios::binary);
  std::string content((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  const std::size_t name = content.find("circle");
  ASSERT_NE(name, std::string::npos);
  content.replace(name, 6, "CIRCLE");
  const std::string other = (fs::temp_directory_path() / "tiny.onnx").string();
  std::ofstream(other, std::ios::binary) << content;
  EXPECT_NE(findAndSay(other).second.find("building a TensorRT engine"), std::string::npos);
  EXPECT_EQ(cache.engines().size(), 3U);
  fs::remove(other);
}

// Builds at the same time add to the timings what each has measured; those of other GPUs and versions stay apart.
TEST(GpuCacheTest, ParallelBuildsKeepEachOthersTimings) {
  TRTYOLO_NEEDS_GPU();
  const auto timingsAfter = [](const std::vector<Precision>& together) {
    const CacheFolder cache;
    std::vector<std::thread> threads;
    for (const Precision precision : together) {
      threads.emplace_back(
          [precision] { DetectModel model(test::dataPath("tiny.onnx"), InferOption().setPrecision(precision)); });
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
    const std::vector<fs::path> files = cache.filesThatBeginWith("timings-");
    EXPECT_EQ(files.size(), 1U);
    const std::string name = files.at(0).filename().string();
    EXPECT_NE(name.find(backends().at("tensorrt")), std::string::npos) << name;
    return fs::file_size(files.at(0));
  };
  const auto f32 = timingsAfter({Precision::F32}), f16 = timingsAfter({Precision::F16});
  EXPECT_GT(timingsAfter({Precision::F32, Precision::F16}), std::max(f32, f16));
}

// An engine's file says how it was built; that of another program need not.
TEST(GpuCacheTest, EnginesSayTheirOptimizationLevel) {
  TRTYOLO_NEEDS_GPU();
  const CacheFolder cache;
  EXPECT_EQ(inspect(test::dataPath("tiny.onnx")).metadata.at("optimization_level"), "3");
  const std::string engine = (fs::temp_directory_path() / "trtyolo-level.engine").string();
  BuildOption option;
  option.optimizationLevel = 1;
  option.workspaceBytes = std::size_t{1} << 28;
  buildEngine(test::dataPath("tiny.onnx"), engine, option);
  const auto metadata = inspect(engine).metadata;
  EXPECT_EQ(metadata.at("optimization_level"), "1");
  EXPECT_EQ(metadata.at("workspace_bytes"), std::to_string(option.workspaceBytes));
  EXPECT_EQ(metadata.at("tensorrt"), backends().at("tensorrt"));
  fs::remove(engine);
}

// Its weights are in another file: tiny.bin.
TEST(GpuCacheTest, OtherWeightsBesideTheModelAreAnotherEngine) {
  TRTYOLO_NEEDS_GPU();
  const CacheFolder cache;
  const fs::path folder = fs::temp_directory_path() / ("trtyolo-external-" + std::to_string(::getpid()));
  fs::create_directories(folder);
  const std::string file = (folder / "tiny-external.onnx").string(), weights = (folder / "tiny.bin").string();
  fs::copy_file(test::dataPath("tiny-external.onnx"), file, fs::copy_options::overwrite_existing);
  try {
    DetectModel model(file);
    ADD_FAILURE() << "loaded without its weights";
  } catch (const ModelError& error) {
    EXPECT_NE(std::string(error.what()).find("tiny.bin"), std::string::npos) << error.what();
  }
  fs::copy_file(test::dataPath("tiny.bin"), weights, fs::copy_options::overwrite_existing);
  const auto [found, said] = findAndSay(file);
  EXPECT_EQ(found, findAndSay(test::dataPath("tiny.onnx")).first);
  EXPECT_EQ(findAndSay(file).second, "");
  EXPECT_EQ(cache.engines().size(), 2U);
  std::fstream(weights, std::ios::binary | std::ios::in | std::ios::out).put('\x11');
  EXPECT_NE(findAndSay(file).second.find("building a TensorRT engine"), std::string::npos);
  EXPECT_EQ(cache.engines().size(), 3U);
  fs::remove_all(folder);
}

// ONNX wants them in the model's folder or below; a path out of it is not followed.
TEST(GpuCacheTest, WeightsOutsideOfTheModelsFolderAreRefused) {
  TRTYOLO_NEEDS_GPU();
  const CacheFolder cache;
  std::ifstream stream(test::dataPath("tiny-external.onnx"), std::ios::binary);
  const std::string content((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  const std::string file = (fs::temp_directory_path() / "trtyolo-outside.onnx").string();
  const std::string place = "tiny.bin";
  ASSERT_NE(content.find(place), std::string::npos);
  for (const std::string outside : {"../t.bin", "/dev/nul"}) {  // as long as `place`
    std::string changed = content;
    for (std::size_t at = changed.find(place); at != std::string::npos; at = changed.find(place, at)) {
      changed.replace(at, place.size(), outside);
    }
    std::ofstream(file, std::ios::binary) << changed;
    try {
      DetectModel model(file);
      ADD_FAILURE() << outside << " was read";
    } catch (const ModelError& error) {
      EXPECT_NE(std::string(error.what()).find("outside of the model's folder"), std::string::npos) << error.what();
    }
  }
  fs::remove(file);
}

// Others could put an engine there, or see this one: it is built, and not kept.
TEST(GpuCacheTest, AFolderThatIsNotTheUsersOwnIsNotUsed) {
  TRTYOLO_NEEDS_GPU();
  const CacheFolder cache;
  for (const std::string& folder : {std::string("/proc"), cache.path().string()}) {
    setenv("TRTYOLO_CACHE", folder.c_str(), 1);
    fs::create_directories(cache.path());
    fs::permissions(cache.path(), fs::perms(0777));
    const HeardLog log;
    DetectModel model(test::dataPath("tiny.onnx"));
    EXPECT_NE(HeardLog::text.find("engines are not kept"), std::string::npos) << HeardLog::text;
    EXPECT_NE(HeardLog::text.find("TRTYOLO_CACHE names another folder"), std::string::npos) << HeardLog::text;
  }
  EXPECT_TRUE(cache.engines().empty());
}

TEST(GpuCacheTest, ThreadsThatLoadTheSameModelAtOnceBuildItOnce) {
  TRTYOLO_NEEDS_GPU();
  const CacheFolder cache;
  const HeardLog log;
  std::vector<std::thread> threads;
  std::atomic<int> loaded = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      DetectModel model(test::dataPath("tiny.onnx"));
      loaded += model.batch();
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  const std::string said = HeardLog::text;
  EXPECT_EQ(loaded, 4);
  EXPECT_EQ(cache.engines().size(), 1U);
  const std::size_t built = said.find("built in");
  EXPECT_NE(built, std::string::npos) << said;
  EXPECT_EQ(said.find("built in", built + 1), std::string::npos) << said;
}

TEST(GpuFilesTest, ABuildCanBeEnded) {
  TRTYOLO_NEEDS_GPU();
  const fs::path engine = test::engineFolder() / "ended.engine";
  BuildOption option;
  option.optimizationLevel = 0;
  option.onProgress = [](const BuildProgress& progress) { return progress.done < 0.05; };
  try {
    buildEngine(test::dataPath("shapes/classify.onnx"), engine.string(), option);
    ADD_FAILURE() << "it was built";
  } catch (const ModelError& error) {
    ADD_FAILURE() << error.what();
  } catch (const Error& error) {
    std::cout << error.what() << '\n';
  }
  EXPECT_FALSE(fs::exists(engine));
}

}  // namespace
}  // namespace trtyolo
