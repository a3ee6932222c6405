// The engines of a model on several GPUs, with engines that only count: each is loaded once, lives as long as it is
// used, and is made from the content that the first one was made from.
#include "runtime/engine_registry.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "fake_backend.hpp"
#include "support/temp_dir.hpp"

namespace trtyolo {
namespace {

using EnginePtr = std::shared_ptr<const Engine>;
using test::FakeEngine;

class EngineRegistryTest : public testing::Test {
 protected:
  EngineRegistryTest() {
    table_[0].load = [this](const ModelSource& source, const EngineOptions& options, const DescriptionCheck&) {
      return load(source, options.deviceId);
    };
    first_ = registry_.loadFirst();
    loads_ = 0;
  }
  ~EngineRegistryTest() override { EXPECT_EQ(FakeEngine::alive - (first_ ? 1 : 0), 0); }

  EnginePtr load(const ModelSource& source, int gpu) {
    ++loads_;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));  // time for others to come meanwhile
    if (failures_ > 0) {
      --failures_;
      throw DeviceError("GPU " + std::to_string(gpu));
    }
    const std::lock_guard lock(mutex_);  // several GPUs load at the same time
    loaded_ = source.content();
    return std::make_shared<FakeEngine>(gpu);
  }

  // What threads that ask at once get; null where that failed.
  std::vector<EnginePtr> askAtOnce(const std::vector<int>& gpus) {
    std::vector<EnginePtr> got(gpus.size());
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < gpus.size(); ++i) {
      threads.emplace_back([&, i] {
        try {
          got[i] = registry_.on(gpus[i]);
        } catch (const DeviceError&) {
          got[i] = nullptr;
        }
      });
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
    return got;
  }

  const test::TempDir folder_;
  const std::string file_ = folder_.write("model.engine", "ftrt, the first");
  std::vector<BackendEntry> table_{test::fakeTensorRt()};
  std::atomic<int> loads_ = 0, failures_ = 0;
  std::mutex mutex_;  // of the next
  std::string loaded_;
  EngineRegistry registry_{file_, {}, [](const ModelDescription&) {}, table_};
  EnginePtr first_;
};

TEST_F(EngineRegistryTest, TheFirstEngineIsKnown) {
  EXPECT_EQ(registry_.on(0), first_);
  EXPECT_EQ(loads_, 0);
}

TEST_F(EngineRegistryTest, EachIsLoadedOnceHoweverManyAsk) {
  const auto got = askAtOnce({1, 2, 1, 0, 2, 1, 1, 0});
  EXPECT_EQ(loads_, 2);
  EXPECT_EQ(FakeEngine::alive, 3);
  EXPECT_EQ(got[0]->gpu(), 1);
  EXPECT_EQ(got[1]->gpu(), 2);
  EXPECT_EQ(got[3], first_);
  for (const std::size_t i : {2, 5, 6}) {
    EXPECT_EQ(got[i], got[0]);
  }
}

TEST_F(EngineRegistryTest, EachGoesWithItsLastUser) {
  EnginePtr there = registry_.on(1);
  const EnginePtr same = registry_.on(1);
  first_.reset();
  EXPECT_EQ(FakeEngine::alive, 1);
  there.reset();
  EXPECT_EQ(registry_.on(1), same);
  EXPECT_EQ(loads_, 1);
  EXPECT_EQ(registry_.on(0)->gpu(), 0);  // gone meanwhile: loaded anew, and gone again
  EXPECT_EQ(loads_, 2);
  EXPECT_EQ(FakeEngine::alive, 1);
}

TEST_F(EngineRegistryTest, AfterAFailureTheNextTries) {
  failures_ = 2;
  const auto got = askAtOnce({1, 1, 1, 1});
  EXPECT_EQ(std::count(got.begin(), got.end(), nullptr), 2);
  EXPECT_EQ(loads_, 3);
  EXPECT_EQ(FakeEngine::alive, 2);
}

TEST_F(EngineRegistryTest, AReplacedFileIsRefused) {
  folder_.write("model.engine", "ftrt, another");
  try {
    registry_.on(1);
    ADD_FAILURE() << "loaded";
  } catch (const ModelError& error) {
    const std::string words = error.what();
    EXPECT_EQ(words.find("'" + file_ + "'"), 0U) << words;
    EXPECT_NE(words.find("the first clone on GPU 1"), std::string::npos) << words;
  }
  EXPECT_EQ(loads_, 0);
  folder_.write("model.engine", "ftrt, the first");  // the same content is the same file
  EXPECT_EQ(registry_.on(1)->gpu(), 1);
}

// Loading may take minutes: what the file is after that says nothing of what was loaded.
TEST_F(EngineRegistryTest, AFileThatIsReplacedDuringTheFirstLoadIsRefused) {
  EngineRegistry other(
      file_, {}, [](const ModelDescription&) {}, table_);
  table_[0].load = [this](const ModelSource& source, const EngineOptions& options, const DescriptionCheck&) {
    folder_.write("model.engine", "ftrt, another");
    return load(source, options.deviceId);
  };
  const EnginePtr engine = other.loadFirst();
  EXPECT_EQ(loaded_, "ftrt, the first");
  EXPECT_THROW(other.on(1), ModelError);
  EXPECT_EQ(loads_, 1);
}

// What was compared is what is loaded, even if the file is replaced between the two.
TEST_F(EngineRegistryTest, AFileThatIsReplacedDuringALaterLoadIsNotSeen) {
  table_[0].load = [this](const ModelSource& source, const EngineOptions& options, const DescriptionCheck&) {
    folder_.write("model.engine", "ftrt, another");
    return load(source, options.deviceId);
  };
  EXPECT_EQ(registry_.on(1)->gpu(), 1);
  EXPECT_EQ(loaded_, "ftrt, the first");
}

// Nobody will ask again for what runs on a CPU: its file, which may be large, is not read for a fingerprint.
TEST_F(EngineRegistryTest, OnACpuNothingIsRead) {
  const std::vector<BackendEntry> table{test::fakeOpenVino()};
  const std::string onnx = folder_.write("model.onnx", "\x3a\x09\x2a\x07\x6a\x05\x12\x03../");  // says what is wrong
  EngineRegistry other(
      onnx, {}, [](const ModelDescription&) {}, table);
  EXPECT_EQ(other.loadFirst()->gpu(), std::nullopt);
}

}  // namespace
}  // namespace trtyolo
