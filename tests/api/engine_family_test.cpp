// The engines of a model on several GPUs, with engines that only count: each is loaded once, and lives as long as it is
// used.
#include "runtime/engine_family.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

namespace trtyolo {
namespace {

using EnginePtr = std::shared_ptr<const Engine>;

class CountedEngine final : public Engine {
 public:
  explicit CountedEngine(std::optional<int> gpu) : gpu_(gpu) { ++alive; }
  ~CountedEngine() override { --alive; }
  CountedEngine(const CountedEngine&) = delete;
  CountedEngine& operator=(const CountedEngine&) = delete;

  const ModelDescription& description() const override { return description_; }
  std::optional<int> gpu() const override { return gpu_; }
  int parallelRuns() const override { return 1; }
  std::unique_ptr<Context> createContext() const override { return nullptr; }
  MemoryUse memory() const override { return {}; }
  NetworkSpeed measureNetwork(int /*requests*/, double /*seconds*/) const override { return {}; }

  static inline std::atomic<int> alive = 0;

 private:
  std::optional<int> gpu_;
  ModelDescription description_;
};

class EngineFamilyTest : public testing::Test {
 protected:
  ~EngineFamilyTest() override { EXPECT_EQ(CountedEngine::alive - (first_ ? 1 : 0), 0); }

  EnginePtr load(int gpu) {
    ++loads_;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));  // time for others to come meanwhile
    if (failures_ > 0) {
      --failures_;
      throw DeviceError("GPU " + std::to_string(gpu));
    }
    return std::make_shared<CountedEngine>(gpu);
  }

  // What threads that ask at once get; null where that failed.
  std::vector<EnginePtr> askAtOnce(const std::vector<int>& gpus) {
    std::vector<EnginePtr> got(gpus.size());
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < gpus.size(); ++i) {
      threads.emplace_back([&, i] {
        try {
          got[i] = family_.on(gpus[i]);
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

  EnginePtr first_ = std::make_shared<CountedEngine>(0);
  std::atomic<int> loads_ = 0, failures_ = 0;
  EngineFamily family_{first_, [this](int gpu) { return load(gpu); }};
};

TEST_F(EngineFamilyTest, TheFirstEngineIsKnown) {
  EXPECT_EQ(family_.on(0), first_);
  EXPECT_EQ(loads_, 0);
}

TEST_F(EngineFamilyTest, EachIsLoadedOnceHoweverManyAsk) {
  const auto got = askAtOnce({1, 2, 1, 0, 2, 1, 1, 0});
  EXPECT_EQ(loads_, 2);
  EXPECT_EQ(CountedEngine::alive, 3);
  EXPECT_EQ(got[0]->gpu(), 1);
  EXPECT_EQ(got[1]->gpu(), 2);
  EXPECT_EQ(got[3], first_);
  for (const std::size_t i : {2, 5, 6}) {
    EXPECT_EQ(got[i], got[0]);
  }
}

TEST_F(EngineFamilyTest, EachGoesWithItsLastUser) {
  EnginePtr there = family_.on(1);
  const EnginePtr same = family_.on(1);
  first_.reset();
  EXPECT_EQ(CountedEngine::alive, 1);
  there.reset();
  EXPECT_EQ(family_.on(1), same);
  EXPECT_EQ(loads_, 1);
  EXPECT_EQ(family_.on(0)->gpu(), 0);  // gone meanwhile: loaded anew, and gone again
  EXPECT_EQ(loads_, 2);
  EXPECT_EQ(CountedEngine::alive, 1);
}

TEST_F(EngineFamilyTest, AfterAFailureTheNextTries) {
  failures_ = 2;
  const auto got = askAtOnce({1, 1, 1, 1});
  EXPECT_EQ(std::count(got.begin(), got.end(), nullptr), 2);
  EXPECT_EQ(loads_, 3);
  EXPECT_EQ(CountedEngine::alive, 2);
}

}  // namespace
}  // namespace trtyolo
