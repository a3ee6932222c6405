// Pools on machines that have no thread or no memory left: every call ends, with a result or an error.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "pool/fake_context.hpp"
#include "pool/scheduler.hpp"
#include "pool/watchdog.hpp"
#include "support/failures.hpp"

namespace trtyolo {
namespace {

using namespace std::chrono_literals;
using RequestPtr = std::shared_ptr<PoolRequest>;

constexpr std::uint8_t kPixel = 7;

class PoolFailuresTest : public testing::Test {
 protected:
  std::shared_ptr<Scheduler> make(std::size_t contexts, std::size_t queueLength = 64) {
    return std::make_shared<Scheduler>(test::fakeContexts(machine_, contexts), nullptr, PostprocessOptions{},
                                       SchedulerSettings{4, 1h, queueLength, "fake", {}});
  }

  static RequestPtr request(const std::shared_ptr<Scheduler>& scheduler, int network) {
    auto made = std::make_shared<PoolRequest>();
    made->image = {&kPixel, {1, 1}, 1, 1};
    made->box = Letterbox::fit({1, 1}, {network, network});
    made->scheduler = scheduler;
    return made;
  }

  test::FakeMachine machine_;
  test::Watchdog watchdog_;
};

TEST_F(PoolFailuresTest, NoThreadForTheWorkers) {
  const test::NoThreads noThreads;
  EXPECT_THROW(make(2), std::system_error);
  EXPECT_EQ(machine_.contexts, 0);
}

TEST_F(PoolFailuresTest, NoThreadForCallbacks) {
  const auto scheduler = make(1);
  const auto submitted = request(scheduler, 32);
  submitted->onDone = [](const RequestPtr&) {};
  {
    const test::NoThreads noThreads;
    EXPECT_THROW(scheduler->submit(submitted, Entry::Later), Error);
  }
  EXPECT_EQ(scheduler->metrics().submitted, 0U);
  scheduler->submit(submitted, Entry::Later);
  EXPECT_EQ(scheduler->take(*submitted).classes.at(0), kPixel);
  scheduler->close(CloseMode::Drain);
}

// Images of many network sizes, with callbacks and deadlines, through a short queue, while no thread but the caller's
// gets memory: all tickets become ready, all callbacks are called.
TEST_F(PoolFailuresTest, NoMemoryForTheWorkers) {
  constexpr int kImages = 200;
  const auto scheduler = make(2, 8);
  std::atomic<int> called = 0;
  std::vector<RequestPtr> requests;
  for (int i = 0; i < kImages; ++i) {
    requests.push_back(request(scheduler, 32 * (1 + i % 7)));
    if (i % 2 == 0) {
      requests.back()->onDone = [&called](const RequestPtr&) { ++called; };
    }
    if (i % 5 == 0) {
      requests.back()->deadline = std::chrono::steady_clock::now() + std::chrono::microseconds(100 * i);
    }
  }
  {
    const test::NoMemoryElsewhere noMemory;
    for (const RequestPtr& each : requests) {
      scheduler->submit(each, Entry::Later);
    }
    for (const RequestPtr& each : requests) {
      scheduler->wait(*each);
    }
    EXPECT_GT(noMemory.refusals(), 0);
    scheduler->close(CloseMode::Drain);
  }
  EXPECT_EQ(called, kImages / 2);
  const PoolMetrics metrics = scheduler->metrics();
  EXPECT_EQ(metrics.submitted, static_cast<std::uint64_t>(kImages));
  EXPECT_EQ(metrics.finished + metrics.failed + metrics.expired, static_cast<std::uint64_t>(kImages));
}

// The caller's own thread has no memory: submit() throws and has accepted nothing, or it has accepted the image.
TEST_F(PoolFailuresTest, NoMemoryForTheCaller) {
  const auto scheduler = make(1);
  bool failed = false, succeeded = false;
  for (int allocations = 0; !succeeded; ++allocations) {
    const auto submitted = request(scheduler, 32);
    submitted->onDone = [](const RequestPtr&) {};
    const std::uint64_t before = scheduler->metrics().submitted;
    {
      const test::NoMemoryAfter limit(allocations);
      try {
        scheduler->submit(submitted, Entry::Later);
        succeeded = true;
      } catch (const std::bad_alloc&) {
        failed = true;
      }
    }
    EXPECT_EQ(scheduler->metrics().submitted, before + (succeeded ? 1 : 0));
  }
  EXPECT_TRUE(failed);
  scheduler->close(CloseMode::Drain);
}

}  // namespace
}  // namespace trtyolo
