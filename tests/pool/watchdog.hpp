// Ends the program with a message if a test does not end: a deadlock is to be seen, not waited for.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>
#include <thread>

namespace trtyolo::test {

class Watchdog {
 public:
  explicit Watchdog(std::chrono::seconds most = std::chrono::seconds(120))
      : thread_([this, most] {
          std::unique_lock lock(mutex_);
          if (!changed_.wait_for(lock, most, [this] { return over_; })) {
            const auto* info = testing::UnitTest::GetInstance()->current_test_info();
            std::fprintf(stderr, "%s.%s has not ended in %d s: a deadlock?\n", info ? info->test_suite_name() : "?",
                         info ? info->name() : "?", static_cast<int>(most.count()));
            std::abort();
          }
        }) {}
  ~Watchdog() {
    {
      const std::lock_guard lock(mutex_);
      over_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool over_ = false;
  std::thread thread_;
};

}  // namespace trtyolo::test
