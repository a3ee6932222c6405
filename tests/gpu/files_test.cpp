// Engine files that are damaged, and the cache of engines.
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
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

  std::vector<fs::path> engines() const {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(path_)) {
      if (entry.path().extension() == ".engine") {
        found.push_back(entry.path());
      }
    }
    return found;
  }

 private:
  fs::path path_;
};

// What a model loaded from the file finds, and what was said on the standard error stream meanwhile.
std::pair<std::string, std::string> findAndSay(const std::string& file, Precision precision = Precision::F32) {
  testing::internal::CaptureStderr();
  std::vector<std::uint8_t> pixels(std::size_t{300} * 200 * 3);
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    pixels[i] = static_cast<std::uint8_t>(i / 7 * 31);
  }
  DetectModel model(file, InferOption().setPrecision(precision).setConfidence(0.01F));
  const DetResult found = model.predict(Image(pixels.data(), 300, 200));
  return {textOf(found), testing::internal::GetCapturedStderr()};
}

TEST(GpuCacheTest, ModelsAreBuiltOnceAndStaleEnginesAnew) {
  TRTYOLO_NEEDS_GPU();
  const CacheFolder cache;
  const std::string file = test::dataPath("tiny.onnx");
  const auto [found, said] = findAndSay(file);
  EXPECT_NE(found.find("score"), std::string::npos) << found;
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

// Said before the long work, not behind it.
TEST(GpuCacheTest, AFolderThatCannotBeWrittenIsRefusedBeforeTheBuild) {
  TRTYOLO_NEEDS_GPU();
  setenv("TRTYOLO_CACHE", "/proc", 1);
  testing::internal::CaptureStderr();
  try {
    DetectModel model(test::dataPath("tiny.onnx"));
    ADD_FAILURE() << "an engine was written to /proc";
  } catch (const ModelError& error) {
    EXPECT_NE(std::string(error.what()).find("TRTYOLO_CACHE"), std::string::npos) << error.what();
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  unsetenv("TRTYOLO_CACHE");
}

TEST(GpuCacheTest, ThreadsThatLoadTheSameModelAtOnceBuildItOnce) {
  TRTYOLO_NEEDS_GPU();
  const CacheFolder cache;
  testing::internal::CaptureStderr();
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
  const std::string said = testing::internal::GetCapturedStderr();
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
