// Several devices behind one queue: where images go, in which order, and what becomes of them when a device fails.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "api/pool_devices.hpp"
#include "pool/fake_context.hpp"
#include "pool/nothing_left.hpp"
#include "pool/scheduler.hpp"
#include "pool/watchdog.hpp"
#include "runtime/fake_backend.hpp"

namespace trtyolo {
namespace {

using namespace std::chrono_literals;
using test::FakeContext;
using test::FakeMachine;
using Runs = std::vector<std::vector<int>>;
using RequestPtr = std::shared_ptr<PoolRequest>;

class PoolDevicesTest : public testing::Test {
 protected:
  PoolDevicesTest() { std::iota(bytes_.begin(), bytes_.end(), std::uint8_t{0}); }
  ~PoolDevicesTest() override {
    for (const auto& machine : machines_) {
      machine->resume();
    }
    if (scheduler_) {
      test::closeAndExpectNothingLeft(*scheduler_);
    }
    for (const auto& machine : machines_) {
      EXPECT_EQ(machine->wrong, 0);
      EXPECT_EQ(machine->contexts, 0);
    }
  }

  void make(std::size_t devices, std::size_t contexts, std::size_t maxBatchSize, SchedulerSettings settings = {}) {
    settings.maxBatchSize = maxBatchSize;
    settings.maxQueueDelay = 1h;
    settings.queueLength = std::max<std::size_t>(settings.queueLength, 1000);
    settings.file = "fake";
    for (std::size_t i = 0; i < devices; ++i) {
      machines_.push_back(std::make_unique<FakeMachine>());
      machines_.back()->maxBatchSize = maxBatchSize;
    }
    scheduler_ = std::make_shared<Scheduler>(test::fakeDevices(machines_, contexts), PostprocessOptions{}, settings);
  }

  FakeMachine& gpu(std::size_t index) { return *machines_[index]; }
  ImageView image(int byte) const { return {&bytes_[static_cast<std::size_t>(byte)], {1, 1}, 1, 1}; }
  static Letterbox box() { return Letterbox::fit({1, 1}, {32, 32}); }

  RequestPtr submit(int byte, std::optional<std::size_t> device = std::nullopt) {
    auto made = std::make_shared<PoolRequest>();
    made->image = image(byte);
    made->box = box();
    made->device = device;
    made->scheduler = scheduler_;
    scheduler_->submit(made, Entry::Later);
    return made;
  }
  // Both GPUs at work, each on an image of its own, until they resume.
  std::pair<RequestPtr, RequestPtr> occupyBoth() {
    gpu(0).hold();
    gpu(1).hold();
    const std::pair images(submit(0, 0), submit(1, 1));
    gpu(0).awaitRuns(1);
    gpu(1).awaitRuns(1);
    return images;
  }
  int take(const RequestPtr& made) { return scheduler_->take(*made).classes.at(0); }

  const test::Watchdog watchdog_;
  std::vector<std::unique_ptr<FakeMachine>> machines_;
  std::array<std::uint8_t, 256> bytes_{};
  std::shared_ptr<Scheduler> scheduler_;
};

TEST_F(PoolDevicesTest, ImagesGoWhereLeastIsAtWork) {
  make(3, 2, 1);
  for (std::size_t i = 0; i < 3; ++i) {
    gpu(i).hold();
  }
  std::vector<RequestPtr> all;
  for (int i = 0; i < 6; ++i) {
    all.push_back(submit(i));
    gpu(static_cast<std::size_t>(i % 3)).awaitRuns(static_cast<std::size_t>(i / 3 + 1));
  }
  EXPECT_EQ(gpu(0).runs(), (Runs{{0}, {3}}));
  EXPECT_EQ(gpu(1).runs(), (Runs{{1}, {4}}));
  EXPECT_EQ(gpu(2).runs(), (Runs{{2}, {5}}));
  all.push_back(submit(6));
  gpu(1).resume();  // which has a context first
  EXPECT_EQ(take(all.back()), 6);
  EXPECT_EQ(gpu(1).runs().back(), (std::vector<int>{6}));
  for (std::size_t i = 0; i < 3; ++i) {
    gpu(i).resume();
  }
  for (int i = 0; i < 7; ++i) {
    if (i != 6) {
      EXPECT_EQ(take(all[static_cast<std::size_t>(i)]), i);
    }
  }
  const PoolMetrics metrics = scheduler_->metrics();
  ASSERT_EQ(metrics.devices.size(), 3U);
  EXPECT_EQ(metrics.devices[0].images, 2U);
  EXPECT_EQ(metrics.devices[1].images, 3U);
  EXPECT_EQ(metrics.devices[2].runs, 2U);
  EXPECT_EQ(metrics.devices[2].gpu, 2);
  EXPECT_EQ(metrics.devices[2].failure, "");
}

TEST_F(PoolDevicesTest, ALoneCallerTakesTurnsInItsOwnThread) {
  make(2, 1, 4);
  std::thread::id ran;
  for (std::size_t i = 0; i < 2; ++i) {
    gpu(i).whileRunning = [&] { ran = std::this_thread::get_id(); };
  }
  for (int i = 0; i < 6; ++i) {
    EXPECT_EQ(scheduler_->predict(image(i), box(), Entry::Later).classes.at(0), i);
    EXPECT_EQ(ran, std::this_thread::get_id());
  }
  EXPECT_EQ(gpu(0).runs().size(), 3U);
  EXPECT_EQ(gpu(1).runs().size(), 3U);
  EXPECT_EQ(scheduler_->predict(image(9), box(), Entry::Later, 1).classes.at(0), 9);
  EXPECT_EQ(gpu(1).runs().back(), (std::vector<int>{9}));
}

TEST_F(PoolDevicesTest, AnIdleDeviceRunsAtOnceWhileOthersWork) {
  make(2, 2, 4);
  gpu(0).hold();
  const auto first = submit(0);
  gpu(0).awaitRuns(1);
  EXPECT_EQ(take(submit(1)), 1);  // though a run is at work, and the queue delay is an hour
  EXPECT_EQ(gpu(1).runs(), (Runs{{1}}));
  gpu(0).resume();
  EXPECT_EQ(take(first), 0);
}

TEST_F(PoolDevicesTest, ImagesOfADeviceRunThereAndBlockNoOthers) {
  make(2, 1, 1);
  gpu(1).hold();
  const auto held = submit(0, 1), waits = submit(1, 1), host = submit(2), other = submit(3, 0);
  EXPECT_EQ(take(host), 2);
  EXPECT_EQ(take(other), 3);
  EXPECT_FALSE(scheduler_->ready(*waits));
  EXPECT_EQ(gpu(0).runs(), (Runs{{2}, {3}}));
  gpu(1).resume();
  EXPECT_EQ(take(held), 0);
  EXPECT_EQ(take(waits), 1);
  EXPECT_EQ(gpu(1).runs(), (Runs{{0}, {1}}));
}

TEST_F(PoolDevicesTest, OrderOfArrivalDecidesAmongWhatADeviceCanRun) {
  make(2, 1, 1);
  const auto [a, b] = occupyBoth();
  std::vector<RequestPtr> all;
  for (int i = 0; i < 12; ++i) {  // in turn: of device 1, and of any
    all.push_back(submit(10 + i, i % 2 == 0 ? std::optional<std::size_t>(1) : std::nullopt));
  }
  gpu(1).resume();
  for (const auto& each : all) {
    scheduler_->wait(*each);
  }
  EXPECT_EQ(gpu(1).runs(), (Runs{{1}, {10}, {11}, {12}, {13}, {14}, {15}, {16}, {17}, {18}, {19}, {20}, {21}}));
  gpu(0).resume();
  scheduler_->wait(*a);
}

TEST_F(PoolDevicesTest, ARunIsOfOnePlace) {
  make(2, 1, 8);
  const auto [a, b] = occupyBoth();
  std::vector<RequestPtr> all;
  for (int i = 0; i < 9; ++i) {
    const std::optional<std::size_t> places[] = {0, 1, std::nullopt};
    all.push_back(submit(10 + i, places[i % 3]));
  }
  gpu(0).resume();
  gpu(1).resume();
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(take(all[i]), 10 + static_cast<int>(i));
  }
  for (std::size_t i = 0; i < 2; ++i) {
    for (const auto& run : gpu(i).runs()) {
      for (const int byte : run) {
        if (byte < 10) {
          EXPECT_EQ(byte, static_cast<int>(i));
          continue;
        }
        EXPECT_EQ((byte - 10) % 3, (run.front() - 10) % 3);
        EXPECT_TRUE((byte - 10) % 3 == 2 || (byte - 10) % 3 == static_cast<int>(i));
      }
    }
  }
}

TEST_F(PoolDevicesTest, ADeviceThatFailsIsLeftOut) {
  make(2, 1, 4);
  static std::atomic<int> warnings;
  warnings = 0;
  setLog([](LogLevel level, const char*) { warnings += level == LogLevel::Warning ? 1 : 0; });
  gpu(1).hold();
  gpu(0).hold();
  const auto a = submit(0, 0), b = submit(1, 1);
  gpu(0).awaitRuns(1);
  gpu(1).awaitRuns(1);
  std::vector<RequestPtr> host, there;
  for (int i = 0; i < 10; ++i) {
    host.push_back(submit(10 + i));
    there.push_back(submit(100 + i, 1));
  }
  gpu(1).broken = true;
  gpu(1).resume();
  gpu(0).resume();
  EXPECT_EQ(take(a), 0);
  EXPECT_THROW(take(b), DeviceError);
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(take(host[static_cast<std::size_t>(i)]), 10 + i);
    EXPECT_THROW(take(there[static_cast<std::size_t>(i)]), DeviceError);
  }
  // From now on.
  const std::size_t runs = gpu(1).runs().size();
  EXPECT_EQ(scheduler_->predict(image(7), box(), Entry::Later).classes.at(0), 7);
  EXPECT_THROW(take(submit(8, 1)), DeviceError);
  EXPECT_THROW(scheduler_->predict(image(8), box(), Entry::Later, 1), DeviceError);
  EXPECT_EQ(gpu(1).runs().size(), runs);
  const PoolMetrics metrics = scheduler_->metrics();
  EXPECT_EQ(metrics.devices[0].failure, "");
  EXPECT_EQ(metrics.devices[1].failure, "this GPU is broken");
  EXPECT_EQ(metrics.failed, 13U);
  EXPECT_EQ(metrics.submitted, metrics.finished + metrics.failed);
  EXPECT_EQ(warnings, 1);
  setLog(nullptr);
}

TEST_F(PoolDevicesTest, ACallersImageIsRunAgainElsewhere) {
  make(2, 1, 4);
  gpu(0).broken = true;
  EXPECT_EQ(scheduler_->predict(image(5), box(), Entry::Later).classes.at(0), 5);
  const PoolMetrics metrics = scheduler_->metrics();
  EXPECT_EQ(metrics.rerun, 1U);
  EXPECT_EQ(metrics.submitted, 1U);
  EXPECT_EQ(metrics.finished, 1U);
  EXPECT_EQ(metrics.devices[1].images, 1U);
}

TEST_F(PoolDevicesTest, ImagesOfAFailedRunKeepTheirPlace) {
  make(2, 1, 4);
  gpu(0).hold();
  gpu(1).hold();
  const auto a = submit(0);
  gpu(0).awaitRuns(1);
  const auto b = submit(1);
  gpu(1).awaitRuns(1);
  std::vector<RequestPtr> later;
  for (int i = 0; i < 8; ++i) {
    later.push_back(submit(10 + i));
  }
  gpu(0).broken = true;
  gpu(0).resume();
  EXPECT_FALSE(scheduler_->wait(*a, Scheduler::Clock::now() + 5ms));
  gpu(1).resume();
  EXPECT_EQ(take(a), 0);
  EXPECT_EQ(take(b), 1);
  EXPECT_EQ(take(later.back()), 17);
  EXPECT_EQ(gpu(1).runs().at(1).front(), 0);  // it came before all that wait
}

TEST_F(PoolDevicesTest, AGuiltyImageIsNotTheDevices) {
  make(2, 1, 4);
  EXPECT_THROW(take(submit(FakeContext::kGuilty)), InferenceError);
  EXPECT_THROW(scheduler_->predict(image(FakeContext::kGuilty), box(), Entry::Later), InferenceError);
  const PoolMetrics metrics = scheduler_->metrics();
  EXPECT_EQ(metrics.rerun, 0U);
  EXPECT_EQ(metrics.devices[0].failure + metrics.devices[1].failure, "");
}

TEST_F(PoolDevicesTest, TheLastDeviceStaysAndItsImagesGetItsError) {
  make(3, 2, 2);
  for (std::size_t i = 0; i < 3; ++i) {
    gpu(i).broken = true;
  }
  for (int i = 0; i < 20; ++i) {
    EXPECT_THROW(take(submit(i)), DeviceError);
    EXPECT_THROW(scheduler_->predict(image(i), box(), Entry::Later), DeviceError);
  }
  const PoolMetrics metrics = scheduler_->metrics();
  EXPECT_EQ(metrics.failed, 40U);
  for (const PoolDeviceMetrics& device : metrics.devices) {
    EXPECT_EQ(device.failure, "this GPU is broken");
  }
}

TEST_F(PoolDevicesTest, OneDeviceFailsAsBefore) {
  make(1, 2, 2);
  gpu(0).broken = true;
  EXPECT_THROW(take(submit(1)), DeviceError);
  gpu(0).broken = false;
  EXPECT_EQ(take(submit(2)), 2);
}

// Images that come back find their threads, also in a pool that is being closed.
TEST_F(PoolDevicesTest, ClosingWhileADeviceFails) {
  for (const CloseMode mode : {CloseMode::Drain, CloseMode::Drop}) {
    machines_.clear();
    make(2, 1, 1);
    gpu(0).hold();
    gpu(1).hold();
    const auto a = submit(0), b = submit(1), c = submit(2);
    gpu(0).awaitRuns(1);
    gpu(1).awaitRuns(1);
    gpu(0).broken = true;
    std::thread closer([&] { scheduler_->close(mode); });
    while (mode == CloseMode::Drop && scheduler_->metrics().dropped == 0) {
      std::this_thread::sleep_for(100us);
    }
    gpu(1).resume();
    scheduler_->wait(*b);
    gpu(0).resume();
    closer.join();
    EXPECT_EQ(take(a), 0);
    EXPECT_EQ(take(b), 1);
    if (mode == CloseMode::Drain) {
      EXPECT_EQ(take(c), 2);
    } else {
      EXPECT_THROW(take(c), ClosedError);
    }
    scheduler_.reset();
  }
}

TEST_F(PoolDevicesTest, ImagesOfAFailedRunCanBeCancelledAndNeedNoDeadline) {
  make(2, 1, 1);
  gpu(0).hold();
  gpu(1).hold();
  auto late = std::make_shared<PoolRequest>();
  late->image = image(3);
  late->box = box();
  late->scheduler = scheduler_;
  late->deadline = Scheduler::Clock::now() + 20ms;
  scheduler_->submit(late, Entry::Later);  // on device 0
  gpu(0).awaitRuns(1);
  const auto b = submit(1);
  gpu(1).awaitRuns(1);
  std::this_thread::sleep_for(25ms);
  gpu(0).broken = true;
  gpu(0).resume();
  while (scheduler_->metrics().rerun == 0) {
    std::this_thread::sleep_for(100us);
  }
  const auto cancelled = submit(4);
  EXPECT_TRUE(scheduler_->cancel(*cancelled));
  gpu(1).resume();
  EXPECT_EQ(take(late), 3);
  EXPECT_EQ(take(b), 1);
}

// Decoded by a device, whose memory they are in: the encoded bytes are still there when it fails.
TEST_F(PoolDevicesTest, EncodedImagesAreDecodedAgainElsewhere) {
  std::atomic<int> decodedOn[2] = {};
  SchedulerSettings settings;
  settings.decoding.decode = [&](std::span<const EncodedImage> images, std::size_t device) {
    std::vector<ReadyImage> ready;
    for (const EncodedImage& image : images) {
      ImageView view{static_cast<const std::uint8_t*>(image.bytes), {1, 1}, 1, 1};
      view.memory = ImageMemory::Device;
      ready.push_back({view, nullptr, nullptr});
      ++decodedOn[device];
    }
    return ready;
  };
  settings.decoding.fit = [](Size size) { return Letterbox::fit(size, {32, 32}); };
  settings.decoding.threads = 2;
  settings.decoding.ahead = 16;
  make(2, 1, 2, settings);
  gpu(0).hold();
  gpu(1).hold();
  std::vector<RequestPtr> all;
  for (int i = 0; i < 40; ++i) {
    auto made = std::make_shared<PoolRequest>();
    made->encoded = EncodedImage{&bytes_[static_cast<std::size_t>(i)], 1};
    made->scheduler = scheduler_;
    scheduler_->submit(made, Entry::Later);
    all.push_back(std::move(made));
  }
  gpu(0).awaitRuns(1);
  gpu(1).awaitRuns(1);
  while (decodedOn[0] < 10 || decodedOn[1] < 10) {
    std::this_thread::sleep_for(100us);
  }
  gpu(0).broken = true;
  gpu(0).resume();
  gpu(1).resume();
  for (int i = 0; i < 40; ++i) {
    EXPECT_EQ(take(all[static_cast<std::size_t>(i)]), i);
  }
  EXPECT_GE(decodedOn[1], 30);
}

// Each caller gets its own image's result, or an error that its image may have, whatever fails when.
TEST_F(PoolDevicesTest, RandomFailuresUnderLoad) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 30; ++round) {
    machines_.clear();
    const std::size_t devices = 2 + random() % 4;
    make(devices, 1 + random() % 2, 1 + random() % 4);
    std::vector<std::thread> callers;
    std::atomic<int> wrong = 0, hostErrors = 0, answers = 0;
    for (unsigned i = 0; i < 6; ++i) {
      callers.emplace_back([&, dice = std::mt19937(random())]() mutable {
        for (int call = 0; call < 40; ++call) {
          const int byte = static_cast<int>(dice() % 200);
          const std::optional<std::size_t> only =
              dice() % 3 == 0 ? std::optional<std::size_t>(dice() % devices) : std::nullopt;
          try {
            const int found = dice() % 2 == 0
                                  ? take(submit(byte, only))
                                  : scheduler_->predict(image(byte), box(), Entry::Later, only).classes.at(0);
            wrong += found == byte ? 0 : 1;
          } catch (const DeviceError&) {
            hostErrors += only ? 0 : 1;
          }
          ++answers;
        }
      });
    }
    for (std::size_t i = 0; i + 1 < devices; ++i) {  // one is left
      std::this_thread::sleep_for(std::chrono::microseconds(random() % 2000));
      gpu(i).broken = true;
    }
    for (std::thread& caller : callers) {
      caller.join();
    }
    scheduler_->close(CloseMode::Drain);
    EXPECT_EQ(wrong, 0);
    EXPECT_EQ(hostErrors, 0);
    EXPECT_EQ(answers, 240);
    const PoolMetrics metrics = scheduler_->metrics();
    EXPECT_EQ(metrics.submitted, 240U);
    EXPECT_EQ(metrics.submitted, metrics.finished + metrics.failed);
    EXPECT_EQ(metrics.waiting + metrics.running + metrics.blocked, 0U);
    EXPECT_EQ(metrics.devices.back().failure, "");
    scheduler_.reset();
  }
}

std::string refusal(const PoolOption& option, const Engine& engine) {
  try {
    poolDevices(option, engine, 4);
    return "";
  } catch (const std::invalid_argument& error) {
    return error.what();
  } catch (const DeviceError& error) {
    return error.what();
  }
}

TEST(PoolOptionDevicesTest, ListsAreChecked) {
  const test::FakeEngine gpu(1), cpu(std::nullopt);
  PoolOption option;
  EXPECT_TRUE(poolDevices(option, gpu, 4).empty());  // its own alone
  option.devices = {3, 0};
  EXPECT_EQ(poolDevices(option, gpu, 4), (std::vector<int>{3, 0}));
  EXPECT_NE(refusal(option, cpu).find("runs on the CPU"), std::string::npos);
  option.devices = {0, 4};
  EXPECT_NE(refusal(option, gpu).find("has GPU 4; this machine has 4, numbered from 0"), std::string::npos);
  option.devices = {-1};
  EXPECT_NE(refusal(option, gpu).find("has GPU -1"), std::string::npos);
  option.devices = {2, 2};
  EXPECT_NE(refusal(option, gpu).find("more than once"), std::string::npos);
  option.devices = std::vector<int>();
  EXPECT_NE(refusal(option, gpu).find("empty list"), std::string::npos);
  option.allDevices = true;
  EXPECT_NE(refusal(option, gpu).find("both set"), std::string::npos);
  option.devices.reset();
  EXPECT_EQ(poolDevices(option, gpu, 4), (std::vector<int>{0, 1, 2, 3}));
  EXPECT_TRUE(poolDevices(option, cpu, 4).empty());
}

TEST(PoolOptionDevicesTest, ImagesOfOtherGpusAreNamed) {
  EXPECT_EQ(indexOfGpu(3, {1, 3}), 1U);
  try {
    indexOfGpu(2, {0, 1, 3});
    ADD_FAILURE() << "not refused";
  } catch (const std::invalid_argument& error) {
    EXPECT_NE(std::string(error.what()).find("GPU 2, and the pool runs on GPUs 0, 1 and 3"), std::string::npos);
  }
}

// No timed assertion: that all devices get their share, and each its own images.
TEST_F(PoolDevicesTest, ManyDevicesShareTheWork) {
  constexpr std::size_t kDevices = 64;
  make(kDevices, 2, 1);
  for (std::size_t i = 0; i < kDevices; ++i) {
    gpu(i).whileRunning = [] { std::this_thread::sleep_for(1ms); };
  }
  std::vector<RequestPtr> all;
  for (std::size_t i = 0; i < 20 * kDevices; ++i) {
    auto made = std::make_shared<PoolRequest>();
    made->image = image(static_cast<int>(i % 200));
    made->box = box();
    made->scheduler = scheduler_;
    scheduler_->submit(made, Entry::Block);
    all.push_back(std::move(made));
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(take(all[i]), static_cast<int>(i % 200));
  }
  for (const PoolDeviceMetrics& device : scheduler_->metrics().devices) {
    EXPECT_GE(device.images, 2U);
  }
}

}  // namespace
}  // namespace trtyolo
