// Measuring the bare network with runs that fail where they can: nobody waits for ever, and nothing is at work when the
// error comes.
#include "runtime/network_speed.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <new>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "pool/watchdog.hpp"

namespace trtyolo {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kRequests = 4;
constexpr double kLong = 3600;  // seconds; nothing here may last that long

// What no failure may do: let somebody wait for ever.
class NetworkSpeedTest : public testing::Test {
 private:
  test::Watchdog watchdog_{std::chrono::seconds(60)};
};

// Requests that run in threads of their own, as OpenVINO's do. The start of run number `failingStart` throws, and run
// number `failingRun` fails; counted from 0 over all requests.
class CallbackRaceTest : public NetworkSpeedTest {
 protected:
  ~CallbackRaceTest() override { join(); }

  CallbackRace::Start start() {
    return [this](std::size_t request) {
      const int number = starts_++;
      if (number == failingStart_) {
        throw std::system_error(std::make_error_code(std::errc::resource_unavailable_try_again));
      }
      ++atWork_;
      std::thread thread([this, request, number] {
        std::this_thread::sleep_for(milliseconds(2));
        const auto failure = number == failingRun_ ? std::make_exception_ptr(std::bad_alloc()) : nullptr;
        --atWork_;
        race_->ended(request, failure);
      });
      const std::lock_guard lock(mutex_);
      threads_.push_back(std::move(thread));
    };
  }

  // A thread may still be about to note the one that it has started.
  void join() {
    for (;;) {
      std::vector<std::thread> threads;
      {
        const std::lock_guard lock(mutex_);
        threads.swap(threads_);
      }
      if (threads.empty()) {
        return;
      }
      for (std::thread& thread : threads) {
        thread.join();
      }
    }
  }

  std::shared_ptr<CallbackRace> race_ = std::make_shared<CallbackRace>();
  std::atomic<int> starts_ = 0, atWork_ = 0;
  int failingStart_ = -1, failingRun_ = -1;
  std::mutex mutex_;
  std::vector<std::thread> threads_;
};

TEST_F(CallbackRaceTest, CountsEveryRun) {
  const NetworkSpeed speed = race_->run(kRequests, 0.1, start());
  EXPECT_GT(speed.latencies.size(), kRequests);
  EXPECT_EQ(speed.latencies.size(), static_cast<std::size_t>(starts_));
  EXPECT_GE(speed.seconds, 0.1);
  EXPECT_GE(*std::min_element(speed.latencies.begin(), speed.latencies.end()), 2);
}

TEST_F(CallbackRaceTest, RunsOnceInNoTimeAndCanBeUsedAgain) {
  EXPECT_EQ(race_->run(kRequests, 0, start()).latencies.size(), kRequests);
  EXPECT_EQ(race_->run(kRequests, 0, start()).latencies.size(), kRequests);
}

TEST_F(CallbackRaceTest, AFirstStartThatThrowsWaitsForThoseAtWork) {
  for (int failing = 0; failing < static_cast<int>(kRequests); ++failing) {
    SCOPED_TRACE(failing);
    failingStart_ = starts_ + failing;
    EXPECT_THROW(race_->run(kRequests, kLong, start()), std::system_error);
    EXPECT_EQ(atWork_, 0);
  }
  failingStart_ = -1;
  EXPECT_EQ(race_->run(kRequests, 0, start()).latencies.size(), kRequests);
}

TEST_F(CallbackRaceTest, AStartThatThrowsInACallbackEndsAll) {
  failingStart_ = 3 * kRequests;
  EXPECT_THROW(race_->run(kRequests, kLong, start()), std::system_error);
  EXPECT_EQ(atWork_, 0);
}

TEST_F(CallbackRaceTest, ARunThatFailsEndsAll) {
  for (const int failing : {0, 3 * static_cast<int>(kRequests)}) {
    failingRun_ = starts_ + failing;
    EXPECT_THROW(race_->run(kRequests, kLong, start()), std::bad_alloc);
    EXPECT_EQ(atWork_, 0);
  }
}

using ThreadRaceTest = NetworkSpeedTest;

TEST_F(ThreadRaceTest, CountsEveryRun) {
  std::atomic<std::size_t> runs = 0;
  const NetworkSpeed speed = raceThreads(kRequests, 0.05, [&](std::size_t, const std::function<bool()>& next) {
    do {
      std::this_thread::sleep_for(milliseconds(2));
      ++runs;
    } while (next());
  });
  EXPECT_EQ(speed.latencies.size(), runs);
  EXPECT_GE(speed.seconds, 0.05);
  EXPECT_GE(*std::min_element(speed.latencies.begin(), speed.latencies.end()), 2);
}

TEST_F(ThreadRaceTest, AThreadThatCannotBeMadeIsAnErrorAndLeavesNone) {
  for (std::size_t possible = 0; possible < kRequests; ++possible) {
    SCOPED_TRACE(possible);
    std::size_t made = 0;
    std::atomic<int> worked = 0;
    const ThreadFactory factory = [&](const std::function<void()>& body) {
      if (made++ == possible) {
        throw std::system_error(std::make_error_code(std::errc::resource_unavailable_try_again));
      }
      return std::thread(body);
    };
    try {
      raceThreads(
          kRequests, kLong, [&](std::size_t, const std::function<bool()>&) { ++worked; }, factory);
      ADD_FAILURE() << "no error";
    } catch (const Error& error) {
      const std::string number = std::to_string(possible + 1);
      EXPECT_NE(std::string(error.what()).find("no thread can be made for run " + number + " of 4"), std::string::npos)
          << error.what();
    }
    EXPECT_EQ(worked, 0);
  }
}

TEST_F(ThreadRaceTest, AWorkerThatThrowsEndsAll) {
  const ThreadWork work = [](std::size_t thread, const std::function<bool()>& next) {
    for (int run = 0; next(); ++run) {
      if (thread == 2 && run == 3) {
        throw std::bad_alloc();
      }
      std::this_thread::sleep_for(milliseconds(1));
    }
  };
  EXPECT_THROW(raceThreads(kRequests, kLong, work), std::bad_alloc);
}

}  // namespace
}  // namespace trtyolo
