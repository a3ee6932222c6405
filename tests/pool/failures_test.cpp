// Pools on machines that have no thread or no memory left: every call ends, with a result or an error.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <functional>
#include <limits>
#include <memory>
#include <system_error>
#include <thread>
#include <vector>

#include "pool/fake_context.hpp"
#include "pool/scheduler.hpp"
#include "pool/watchdog.hpp"
#include "support/failures.hpp"
#include "support/tiny_model.hpp"
#include "trtyolo.hpp"

namespace trtyolo {
namespace {

using namespace std::chrono_literals;
using RequestPtr = std::shared_ptr<PoolRequest>;

constexpr std::uint8_t kPixel = 7;

class PoolFailuresTest : public testing::Test {
 protected:
  std::shared_ptr<Scheduler> make(std::size_t contexts, std::size_t queueLength = 64) {
    return std::make_shared<Scheduler>(test::fakeDevice(machine_, contexts), PostprocessOptions{},
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

// What images are told that were not run needs no memory.
TEST_F(PoolFailuresTest, NoMemoryForErrors) {
  const auto scheduler = make(1);
  machine_.hold();
  const auto running = request(scheduler, 32), cancelled = request(scheduler, 32), late = request(scheduler, 32),
             dropped = request(scheduler, 32);
  late->deadline = std::chrono::steady_clock::now() + 1ms;
  scheduler->submit(running, Entry::Later);
  machine_.awaitRuns(1);
  for (const RequestPtr& each : {cancelled, late, dropped}) {
    scheduler->submit(each, Entry::Later);
  }
  std::thread resuming([&] {
    scheduler->wait(*dropped);
    machine_.resume();
  });
  {
    const test::NoMemoryAfter noMemory(0);
    scheduler->cancel(*cancelled);
    scheduler->wait(*late);
    scheduler->close(CloseMode::Drop);
  }
  resuming.join();
  EXPECT_THROW(scheduler->take(*cancelled), CancelledError);
  EXPECT_THROW(scheduler->take(*late), DeadlineError);
  EXPECT_THROW(scheduler->take(*dropped), ClosedError);
  EXPECT_EQ(scheduler->take(*running).classes, std::vector<int>{kPixel});
}

// ---------------------------------------------------------------------------------------------------------------------
// Each allocation and each thread of a program that uses all of a pool

// Submits images with and without callbacks, owners and deadlines, of two network sizes, through a short queue;
// cancels, predicts, and closes. What a step throws is caught, as a program that goes on would do.
class Usage {
 public:
  Usage() { requests_.reserve(kImages); }

  void run(test::FakeMachine& machine, CloseMode mode) {
    attempt([&] {
      scheduler_ = std::make_shared<Scheduler>(test::fakeDevice(machine, 2), PostprocessOptions{},
                                               SchedulerSettings{3, 1ms, 4, "fake", {}});
    });
    if (!scheduler_) {
      return;
    }
    for (int i = 0; i < kImages; ++i) {
      attempt([&] { submit(i); });
    }
    attempt([&] { scheduler_->cancel(*requests_.at(requests_.size() - 1)); });
    attempt([&] { scheduler_->predict({&kPixel, {1, 1}, 1, 1}, Letterbox::fit({1, 1}, {32, 32}), Entry::Later); });
    attempt([&] { scheduler_->metrics(); });
    scheduler_->close(mode);
  }

  // When there is memory again.
  void expectEnded() {
    for (const RequestPtr& each : requests_) {
      EXPECT_TRUE(scheduler_->ready(*each));
      attempt([&] { EXPECT_EQ(scheduler_->take(*each).classes, std::vector<int>{kPixel}); });
    }
    EXPECT_EQ(called_, withCallback_);
    requests_.clear();
    EXPECT_EQ(owner_.use_count(), 1);
    if (scheduler_) {
      const PoolMetrics metrics = scheduler_->metrics();
      EXPECT_EQ(metrics.submitted,
                metrics.finished + metrics.failed + metrics.cancelled + metrics.dropped + metrics.expired);
      EXPECT_EQ(metrics.waiting + metrics.blocked + metrics.running, 0U);
    }
  }

 private:
  static constexpr int kImages = 12;

  static void attempt(const std::function<void()>& step) {
    try {
      step();
    } catch (const std::bad_alloc&) {
    } catch (const std::system_error&) {
    } catch (const std::out_of_range&) {  // nothing was submitted
    } catch (const Error&) {
    }
  }

  void submit(int i) {
    const auto made = std::make_shared<PoolRequest>();
    made->image = {&kPixel, {1, 1}, 1, 1};
    made->box = Letterbox::fit({1, 1}, {32 * (1 + i % 2), 32});
    made->scheduler = scheduler_;
    if (i % 3 == 0) {
      made->onDone = [this](const RequestPtr&) {
        ++called_;
        throw Error("out of a callback");
      };
    }
    if (i % 4 == 0) {
      made->owner = owner_;
    }
    if (i % 5 == 0) {
      made->deadline = std::chrono::steady_clock::now() + std::chrono::microseconds(100 * i);
    }
    scheduler_->submit(made, Entry::Later);
    requests_.push_back(made);
    withCallback_ += i % 3 == 0 ? 1 : 0;
  }

  std::shared_ptr<const void> owner_ = std::make_shared<int>(0);
  std::shared_ptr<Scheduler> scheduler_;
  std::vector<RequestPtr> requests_;  // that were accepted
  std::atomic<int> called_ = 0;
  int withCallback_ = 0;
};

TEST_F(PoolFailuresTest, EachAllocation) {
  for (const CloseMode mode : {CloseMode::Drain, CloseMode::Drop}) {
    for (const long failures : {1L, 3L, std::numeric_limits<long>::max() / 4}) {
      bool failed = true;
      for (long allocations = 0; failed; ++allocations) {
        SCOPED_TRACE(testing::Message() << failures << " failures after " << allocations << " allocations");
        Usage usage;
        {
          const test::FailingAllocations failing(allocations, failures);
          usage.run(machine_, mode);
          failed = failing.reached();
        }
        usage.expectEnded();
      }
    }
  }
  EXPECT_EQ(machine_.contexts, 0);
  EXPECT_EQ(machine_.wrong, 0);
}

TEST_F(PoolFailuresTest, EachThread) {
  for (int threads = 0; threads <= 4; ++threads) {
    SCOPED_TRACE(testing::Message() << threads << " threads");
    Usage usage;
    {
      const test::NoThreads noThreads(threads);
      usage.run(machine_, CloseMode::Drain);
    }
    usage.expectEnded();
  }
  EXPECT_EQ(machine_.contexts, 0);
}

// ---------------------------------------------------------------------------------------------------------------------
// Calls with several images: none is in the pool any more when they throw, since its pixels may go then

// Runs that take a while, so that an image that is left behind is seen.
class SlowRuns {
 public:
  SlowRuns() {
    setTrace([](const char* part, bool begins) {
      if (begins && std::strcmp(part, "pool run") == 0) {
        std::this_thread::sleep_for(1ms);
      }
    });
  }
  ~SlowRuns() { setTrace(nullptr); }
  SlowRuns(const SlowRuns&) = delete;
  SlowRuns& operator=(const SlowRuns&) = delete;
};

class PoolCallsTest : public testing::Test {
 protected:
  // Calls while the caller's thread has memory for so many allocations, each number until it is enough.
  void expectNothingIsLeftBehind(const std::function<void(Pool<>&, const std::vector<Image>&)>& call) {
    const std::vector<Image> images(40, Image(pixels_.data(), 64, 64));  // more than a block of a std::deque
    const SlowRuns slow;
    PoolOption option;
    option.contexts = 1;
    Pool<> pool(file_, InferOption(), option);
    bool failed = true;
    for (int allocations = 0; failed; ++allocations) {
      SCOPED_TRACE(testing::Message() << allocations << " allocations");
      {
        const test::NoMemoryAfter limit(allocations);
        try {
          call(pool, images);
          failed = false;
        } catch (const std::bad_alloc&) {
          failed = true;
        }
      }
      const PoolMetrics metrics = pool.metrics();
      ASSERT_EQ(metrics.waiting + metrics.blocked + metrics.running, 0U);
    }
  }

  test::TempDir dir_;
  std::string file_ = test::writeTinyModel(
      dir_, "detect", {{1, 3, 64, 64}, {test::detectorOutput(1, 84, {{32, 32, 20, 20, 0, 0.9F}})}, "", false});
  std::vector<std::uint8_t> pixels_ = std::vector<std::uint8_t>(std::size_t{64} * 64 * 3);
  test::Watchdog watchdog_;
};

TEST_F(PoolCallsTest, PredictingSeveral) {
  expectNothingIsLeftBehind([](Pool<>& pool, const std::vector<Image>& images) { pool.predict(images); });
}

TEST_F(PoolCallsTest, Mapping) {
  expectNothingIsLeftBehind([](Pool<>& pool, const std::vector<Image>& images) {
    pool.map(images.begin(), images.end(), [](const Result&) {});
  });
}

}  // namespace
}  // namespace trtyolo
