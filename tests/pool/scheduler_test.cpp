// Which images run together and when, who waits, and how everything ends, on a fake network that can be held still.
#include "pool/scheduler.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <numeric>
#include <thread>

#include "pool/fake_context.hpp"
#include "pool/nothing_left.hpp"
#include "pool/watchdog.hpp"
#include "support/growth.hpp"

namespace trtyolo {
namespace {

using namespace std::chrono_literals;
using test::FakeContext;
using test::FakeMachine;
using Runs = std::vector<std::vector<int>>;

class SchedulerTest : public testing::Test {
 protected:
  SchedulerTest() { std::iota(bytes_.begin(), bytes_.end(), std::uint8_t{0}); }
  ~SchedulerTest() override {
    machine_.resume();
    if (scheduler_) {
      test::closeAndExpectNothingLeft(*scheduler_);
      EXPECT_EQ(machine_.contexts, 0);
    }
    EXPECT_EQ(machine_.wrong, 0);
  }

  void make(std::size_t contexts, std::size_t maxBatchSize, std::chrono::microseconds maxQueueDelay = 1h,
            std::size_t queueLength = 64) {
    machine_.maxBatchSize = maxBatchSize;
    scheduler_ =
        std::make_shared<Scheduler>(test::fakeDevice(machine_, contexts, std::move(lowLatency_)), PostprocessOptions{},
                                    SchedulerSettings{maxBatchSize, maxQueueDelay, queueLength, "fake", {}});
  }

  ImageView image(int byte) const { return {&bytes_[static_cast<std::size_t>(byte)], {1, 1}, 1, 1}; }
  static Letterbox box(int network) { return Letterbox::fit({1, 1}, {network, network}); }

  std::shared_ptr<PoolRequest> request(int byte, int network = 32) const {
    auto made = std::make_shared<PoolRequest>();
    made->image = image(byte);
    made->box = box(network);
    made->scheduler = scheduler_;
    return made;
  }
  std::shared_ptr<PoolRequest> submit(int byte, int network = 32, Entry entry = Entry::Later) {
    auto made = request(byte, network);
    scheduler_->submit(made, entry);
    return made;
  }
  std::shared_ptr<PoolRequest> submitFor(int byte, std::chrono::milliseconds time, Entry entry = Entry::Later) {
    auto made = request(byte);
    made->deadline = Scheduler::Clock::now() + time;
    scheduler_->submit(made, entry);
    return made;
  }
  int take(const std::shared_ptr<PoolRequest>& made) { return scheduler_->take(*made).classes.at(0); }
  void awaitMetrics(const std::function<bool(const PoolMetrics&)>& wanted) {
    while (!wanted(scheduler_->metrics())) {
      std::this_thread::sleep_for(100us);
    }
  }
  // A run of image 0 is at work until the machine resumes.
  std::shared_ptr<PoolRequest> holdRun() {
    machine_.hold();
    auto first = submit(0);
    machine_.awaitRuns(1);
    return first;
  }

  const test::Watchdog watchdog_;
  FakeMachine machine_, one_;
  std::unique_ptr<Context> lowLatency_;
  std::array<std::uint8_t, 256> bytes_{};
  std::shared_ptr<Scheduler> scheduler_;
};

TEST_F(SchedulerTest, ALoneCallerRunsInItsOwnThread) {
  make(2, 4);
  std::thread::id ran;
  machine_.whileRunning = [&] { ran = std::this_thread::get_id(); };
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(scheduler_->predict(image(i), box(32), Entry::Later).classes.at(0), i);
    EXPECT_EQ(ran, std::this_thread::get_id());
  }
  const PoolMetrics metrics = scheduler_->metrics();
  EXPECT_EQ(metrics.finished, 10U);
  EXPECT_EQ(metrics.batchSizes, (std::vector<std::uint64_t>{10, 0, 0, 0}));
  EXPECT_EQ(metrics.queueTime.max, 0);
  EXPECT_EQ(metrics.preprocess.sum, 5);
  EXPECT_EQ(metrics.inference.sum, 10);
  EXPECT_EQ(metrics.postprocess.sum, 2.5);
}

TEST_F(SchedulerTest, AnImageThatIsAloneHasTheContextForOne) {
  lowLatency_ = std::move(test::fakeContexts(one_, 1).front());
  make(1, 2);
  EXPECT_EQ(scheduler_->predict(image(1), box(32), Entry::Later).classes, std::vector<int>{1});
  EXPECT_EQ(take(submit(2)), 2);
  EXPECT_EQ(one_.runs(), (Runs{{1}, {2}}));
  one_.hold();
  const auto third = submit(3);
  one_.awaitRuns(1);
  machine_.hold();
  const auto fourth = submit(4), fifth = submit(5);  // a full run: the other context has it
  machine_.awaitRuns(1);
  one_.resume();
  EXPECT_EQ(take(third), 3);
  const auto sixth = submit(6);  // not alone: a run is at work
  machine_.resume();
  EXPECT_EQ(take(fourth) + take(fifth) + take(sixth), 15);
  EXPECT_EQ(one_.runs().at(2), std::vector<int>{3});
  EXPECT_EQ(machine_.runs().at(0), (std::vector<int>{4, 5}));
  scheduler_->close(CloseMode::Drain);
  EXPECT_EQ(one_.contexts, 0);
}

TEST_F(SchedulerTest, CallersOfAnIdleContextDoNotWaitWhereRunsHaveOneImage) {
  make(3, 1);
  machine_.hold();
  std::array<std::future<int>, 3> callers;
  for (int i = 0; i < 3; ++i) {
    callers[static_cast<std::size_t>(i)] = std::async(
        std::launch::async, [&, i] { return scheduler_->predict(image(i), box(32), Entry::Later).classes.at(0); });
  }
  machine_.awaitRuns(3);
  machine_.resume();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(callers[static_cast<std::size_t>(i)].get(), i);
  }
}

TEST_F(SchedulerTest, ImagesThatComeDuringARunShareTheNext) {
  make(1, 4);
  const auto first = holdRun();
  std::vector<std::shared_ptr<PoolRequest>> others;
  for (int i = 1; i <= 6; ++i) {
    others.push_back(submit(i));
  }
  EXPECT_EQ(scheduler_->metrics().waiting, 6U);
  machine_.resume();
  EXPECT_EQ(take(first), 0);
  for (int i = 1; i <= 6; ++i) {
    EXPECT_EQ(take(others[static_cast<std::size_t>(i - 1)]), i);
  }
  EXPECT_EQ(machine_.runs(), (Runs{{0}, {1, 2, 3, 4}, {5, 6}}));
  EXPECT_EQ(scheduler_->metrics().longestQueue, 6U);
  EXPECT_EQ(scheduler_->metrics().batchSizes, (std::vector<std::uint64_t>{1, 1, 0, 1}));
}

TEST_F(SchedulerTest, AFullRunBeginsBesideAnother) {
  make(2, 2);
  holdRun();
  submit(1);
  std::this_thread::sleep_for(5ms);
  EXPECT_EQ(machine_.runs(), Runs{{0}});  // one image waits for company
  submit(2);
  machine_.awaitRuns(2);
  EXPECT_EQ(machine_.runs(), (Runs{{0}, {1, 2}}));
}

TEST_F(SchedulerTest, ThePatienceOfTheOldestEnds) {
  make(2, 8, 20ms);
  holdRun();
  const auto start = Scheduler::Clock::now();
  submit(1);
  submit(2);
  machine_.awaitRuns(2);
  EXPECT_GE(Scheduler::Clock::now() - start, 20ms);
  EXPECT_EQ(machine_.runs(), (Runs{{0}, {1, 2}}));
}

TEST_F(SchedulerTest, TheEndOfAllRunsEndsTheWaiting) {
  make(2, 8);
  const auto first = holdRun();
  const auto second = submit(1);
  machine_.resume();
  EXPECT_EQ(take(second), 1);
  EXPECT_EQ(machine_.runs(), (Runs{{0}, {1}}));
}

TEST_F(SchedulerTest, OnlyImagesOfOneNetworkSizeShareARun) {
  make(1, 4);
  holdRun();
  std::vector<std::shared_ptr<PoolRequest>> all;
  for (int i = 1; i <= 6; ++i) {
    all.push_back(submit(i, i % 2 == 0 ? 32 : 64));
  }
  machine_.resume();
  for (const auto& each : all) {
    scheduler_->wait(*each);
  }
  EXPECT_EQ(machine_.runs(), (Runs{{0}, {1, 3, 5}, {2, 4, 6}}));
}

TEST_F(SchedulerTest, AFullRunOfAnotherSizeGoesFirstButNotForLong) {
  make(2, 2, 30ms);
  machine_.hold({0, 2});
  submit(0);
  machine_.awaitRuns(1);
  submit(1, 64);
  submit(2);
  submit(3);
  machine_.awaitRuns(2);
  EXPECT_EQ(machine_.runs(), (Runs{{0}, {2, 3}}));
  submit(4);
  const auto last = submit(5);
  std::this_thread::sleep_for(40ms);
  machine_.resume(2);  // one context only is free then
  EXPECT_EQ(take(last), 5);
  EXPECT_EQ(machine_.runs(), (Runs{{0}, {2, 3}, {1}, {4, 5}}));
}

TEST_F(SchedulerTest, AFullQueueRefuses) {
  make(1, 1, 1h, 2);
  holdRun();
  const auto one = submit(1, 32, Entry::Reject), two = submit(2, 32, Entry::Reject);
  EXPECT_THROW(submit(3, 32, Entry::Reject), QueueFullError);
  EXPECT_THROW(scheduler_->predict(image(3), box(32), Entry::Reject), QueueFullError);
  machine_.resume();
  EXPECT_EQ(take(one), 1);
  EXPECT_EQ(take(two), 2);
  EXPECT_EQ(scheduler_->metrics().rejected, 2U);
  EXPECT_EQ(take(submit(4, 32, Entry::Reject)), 4);
}

TEST_F(SchedulerTest, AFullQueueBlocksInTheOrderOfArrival) {
  make(1, 1, 1h, 1);
  holdRun();
  submit(1);
  std::vector<std::future<int>> blocked;
  for (int i = 2; i <= 5; ++i) {
    blocked.push_back(std::async(std::launch::async, [&, i] { return take(submit(i, 32, Entry::Block)); }));
    awaitMetrics([&](const PoolMetrics& metrics) { return metrics.blocked == static_cast<std::size_t>(i - 1); });
  }
  EXPECT_EQ(scheduler_->metrics().waiting, 1U);
  machine_.resume();
  for (int i = 2; i <= 5; ++i) {
    EXPECT_EQ(blocked[static_cast<std::size_t>(i - 2)].get(), i);
  }
  EXPECT_EQ(machine_.runs(), (Runs{{0}, {1}, {2}, {3}, {4}, {5}}));
  EXPECT_EQ(scheduler_->metrics().longestQueue, 1U);
}

TEST_F(SchedulerTest, DeadlinesEndWhatWaitsAndWhatIsBlocked) {
  make(1, 1, 1h, 2);
  EXPECT_EQ(take(submitFor(9, 10s)), 9);
  const auto first = holdRun();
  const auto waiting = submitFor(1, 5ms), blocked = submitFor(2, 10ms), patient = submit(3);
  EXPECT_THROW(take(blocked), DeadlineError);
  EXPECT_TRUE(scheduler_->ready(*waiting));
  EXPECT_THROW(take(waiting), DeadlineError);
  EXPECT_THROW(take(submitFor(4, -1ms)), DeadlineError);
  EXPECT_EQ(scheduler_->metrics().expired, 3U);
  machine_.resume();
  EXPECT_EQ(take(first), 0);
  EXPECT_EQ(take(patient), 3);
}

TEST_F(SchedulerTest, ADeadlineInARunIsTooLate) {
  make(1, 1);
  machine_.hold();
  const auto late = submitFor(7, 50ms);
  machine_.awaitRuns(1);
  EXPECT_FALSE(scheduler_->wait(*late, Scheduler::Clock::now() + 60ms));
  machine_.resume();
  EXPECT_EQ(take(late), 7);
}

// Images that are late do not make the scheduler look at all that wait.
TEST_F(SchedulerTest, DeadlinesTakeTimeThatGrowsWithTheirNumber) {
  make(1, 1, 1h, 10000);
  machine_.hold();
  submit(1);
  machine_.awaitRuns(1);
  const auto lateTime = [this](int count) {  // of so many late ones, while as many wait
    while (scheduler_->metrics().waiting < static_cast<std::size_t>(count)) {
      submitFor(2, 1h);
    }
    return test::processorTime([&] {
      for (int i = 0; i < count; ++i) {
        submitFor(3, -1ms);
      }
    });
  };
  const double few = lateTime(1000);
  EXPECT_LT(lateTime(4000), 8 * few);  // 4 is linear, 16 the square
}

TEST_F(SchedulerTest, ADeadlineIsToldThoughNobodyAsks) {
  make(2, 8);  // a second context and its thread are idle
  holdRun();
  std::promise<void> told;
  auto late = request(1);
  late->deadline = Scheduler::Clock::now() + 5ms;
  late->onDone = [&](const auto&) { told.set_value(); };
  scheduler_->submit(late, Entry::Later);
  told.get_future().wait();
  EXPECT_THROW(take(late), DeadlineError);
}

TEST_F(SchedulerTest, ABlockedSubmitEndsWithItsDeadline) {
  make(1, 1, 1h, 1);
  holdRun();
  submit(1);
  const auto late = submitFor(2, 5ms, Entry::Block);
  EXPECT_THROW(take(late), DeadlineError);
}

TEST_F(SchedulerTest, CancellingBeforeAndInARun) {
  make(1, 1, 1h, 2);
  const auto running = holdRun();
  const auto waiting = submit(1), also = submit(2), blocked = submit(3);
  EXPECT_EQ(scheduler_->metrics().blocked, 1U);
  EXPECT_TRUE(scheduler_->cancel(*waiting));
  EXPECT_TRUE(scheduler_->ready(*waiting));
  EXPECT_EQ(scheduler_->metrics().blocked, 0U);  // there is room now
  EXPECT_FALSE(scheduler_->cancel(*waiting));
  EXPECT_FALSE(scheduler_->cancel(*running));
  EXPECT_TRUE(scheduler_->cancel(*also));
  machine_.resume();
  EXPECT_THROW(take(waiting), CancelledError);
  EXPECT_THROW(take(also), CancelledError);
  EXPECT_EQ(take(running), 0);
  EXPECT_EQ(take(blocked), 3);
  EXPECT_FALSE(scheduler_->cancel(*blocked));
  EXPECT_EQ(machine_.runs(), (Runs{{0}, {3}}));
}

TEST_F(SchedulerTest, OnlyTheGuiltyFail) {
  make(1, 4);
  holdRun();
  const auto a = submit(1), b = submit(FakeContext::kGuilty), c = submit(3);
  machine_.resume();
  EXPECT_EQ(take(a), 1);
  EXPECT_THROW(take(b), InferenceError);
  EXPECT_EQ(take(c), 3);
  EXPECT_EQ(machine_.runs(), (Runs{{0}, {1, 255, 3}, {1}, {255}, {3}}));
  EXPECT_THROW(scheduler_->predict(image(FakeContext::kGuilty), box(32), Entry::Later), InferenceError);
  EXPECT_EQ(scheduler_->predict(image(9), box(32), Entry::Later).classes.at(0), 9);
  const PoolMetrics metrics = scheduler_->metrics();
  EXPECT_EQ(metrics.failed, 2U);
  EXPECT_EQ(metrics.batchSizes, (std::vector<std::uint64_t>{4, 0, 0, 0}));
}

TEST_F(SchedulerTest, AResultIsGivenOnce) {
  make(1, 1);
  const auto one = submit(1);
  EXPECT_EQ(take(one), 1);
  EXPECT_THROW(take(one), Error);
}

TEST_F(SchedulerTest, DrainingRunsAllThatWait) {
  make(1, 2, 1h, 2);
  const auto running = holdRun();
  std::vector<std::shared_ptr<PoolRequest>> others;
  for (int i = 1; i <= 5; ++i) {
    others.push_back(submit(i));
  }
  auto closed = std::async(std::launch::async, [&] { scheduler_->close(CloseMode::Drain); });
  while (true) {  // until it is closed to others
    try {
      submit(9);
      std::this_thread::sleep_for(100us);
    } catch (const ClosedError&) {
      break;
    }
  }
  EXPECT_THROW(scheduler_->predict(image(9), box(32), Entry::Later), ClosedError);
  machine_.resume();
  closed.get();
  EXPECT_EQ(take(running), 0);
  for (int i = 1; i <= 5; ++i) {
    EXPECT_TRUE(scheduler_->ready(*others[static_cast<std::size_t>(i - 1)]));
    EXPECT_EQ(take(others[static_cast<std::size_t>(i - 1)]), i);
  }
  scheduler_->close(CloseMode::Drop);  // once more
}

TEST_F(SchedulerTest, DroppingRunsNoneThatWaits) {
  make(1, 2, 1h, 2);
  const auto running = holdRun();
  std::vector<std::shared_ptr<PoolRequest>> others;
  for (int i = 1; i <= 3; ++i) {
    others.push_back(submit(i));
  }
  auto blocked = std::async(std::launch::async, [&] { return take(submit(4, 32, Entry::Block)); });
  awaitMetrics([](const PoolMetrics& metrics) { return metrics.blocked == 2; });
  auto drained = std::async(std::launch::async, [&] { scheduler_->close(CloseMode::Drain); });
  auto dropped = std::async(std::launch::async, [&] { scheduler_->close(CloseMode::Drop); });
  EXPECT_THROW(blocked.get(), ClosedError);
  for (const auto& each : others) {
    EXPECT_THROW(take(each), ClosedError);
  }
  EXPECT_FALSE(scheduler_->ready(*running));
  EXPECT_EQ(drained.wait_for(5ms), std::future_status::timeout);
  machine_.resume();
  drained.get();
  dropped.get();
  EXPECT_EQ(take(running), 0);
  EXPECT_EQ(scheduler_->metrics().dropped, 4U);
}

TEST_F(SchedulerTest, CallbacksComeOneAtATimeAndMayUseThePool) {
  make(2, 1);
  std::vector<int> called;  // by one thread
  std::atomic<int> inside = 0;
  std::vector<std::shared_ptr<PoolRequest>> all;
  for (int i = 0; i < 20; ++i) {
    auto made = request(i);
    made->onDone = [&](const std::shared_ptr<PoolRequest>& done) {
      EXPECT_EQ(++inside, 1);
      EXPECT_TRUE(scheduler_->ready(*done));
      called.push_back(take(done));
      EXPECT_EQ(scheduler_->predict(image(200), box(32), Entry::Later).classes.at(0), 200);
      --inside;
      throw std::runtime_error("lost");
    };
    scheduler_->submit(made, Entry::Block);
    all.push_back(std::move(made));
    if (i % 4 == 0) {
      scheduler_->wait(*all.back());
    }
  }
  for (const auto& each : all) {
    scheduler_->wait(*each);
  }
  while (scheduler_->metrics().finished < 40) {  // those of the callbacks too
    std::this_thread::sleep_for(100us);
  }
  scheduler_->close(CloseMode::Drain);
  std::sort(called.begin(), called.end());
  std::vector<int> expected(20);
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(called, expected);
}

TEST_F(SchedulerTest, ClosingInACallback) {
  make(1, 1);
  std::atomic<int> calls = 0;
  for (int i = 0; i < 3; ++i) {
    auto made = request(i);
    made->onDone = [&](const auto&) {
      scheduler_->close(CloseMode::Drain);
      ++calls;
    };
    try {
      scheduler_->submit(made, Entry::Later);
    } catch (const ClosedError&) {
      ++calls;
    }
  }
  scheduler_->close(CloseMode::Drain);
  EXPECT_EQ(calls, 3);
}

TEST_F(SchedulerTest, OwnersGoWhenTheirImagesAreDone) {
  make(1, 1, 1h, 1);
  holdRun();
  std::weak_ptr<int> watched[3];
  std::shared_ptr<PoolRequest> requests[3];
  for (int i = 0; i < 3; ++i) {
    auto owner = std::make_shared<int>(i);
    watched[i] = owner;
    requests[i] = request(i + 1);
    requests[i]->owner = std::move(owner);
    scheduler_->submit(requests[i], Entry::Later);
  }
  for (const auto& each : watched) {
    EXPECT_FALSE(each.expired());
  }
  EXPECT_TRUE(scheduler_->cancel(*requests[1]));
  while (!watched[1].expired()) {
    std::this_thread::sleep_for(100us);
  }
  EXPECT_FALSE(watched[0].expired());
  machine_.resume();
  scheduler_->close(CloseMode::Drain);
  EXPECT_TRUE(watched[0].expired());
  EXPECT_TRUE(watched[2].expired());
}

}  // namespace
}  // namespace trtyolo
