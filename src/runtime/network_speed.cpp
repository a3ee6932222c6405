#include "runtime/network_speed.hpp"

#include <atomic>
#include <latch>
#include <string>
#include <utility>

namespace trtyolo {
namespace {

using Clock = std::chrono::steady_clock;

double millisecondsOf(Clock::duration time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

Clock::time_point after(double seconds, Clock::time_point begin) {
  return begin + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
}

}  // namespace

NetworkSpeed CallbackRace::run(std::size_t requests, double seconds, Start start) {
  const auto begin = Clock::now();
  {
    const std::lock_guard lock(mutex_);
    start_ = std::move(start);
    deadline_ = after(seconds, begin);
    starts_.assign(requests, begin);
    latencies_.clear();
    running_ = requests;
    failure_ = nullptr;
  }
  for (std::size_t i = 0; i < requests; ++i) {
    try {
      start_(i);
    } catch (...) {
      leave(std::current_exception());
    }
  }
  std::unique_lock lock(mutex_);
  over_.wait(lock, [&] { return running_ == 0; });
  if (failure_) {
    std::rethrow_exception(failure_);
  }
  return {millisecondsOf(Clock::now() - begin) / 1000, std::move(latencies_)};
}

void CallbackRace::ended(std::size_t request, std::exception_ptr failure) noexcept {
  try {
    if (!failure && record(request)) {
      start_(request);
      return;
    }
  } catch (...) {
    failure = std::current_exception();
  }
  leave(std::move(failure));
}

// Whether the request is to run again.
bool CallbackRace::record(std::size_t request) {
  const auto now = Clock::now();
  const std::lock_guard lock(mutex_);
  latencies_.push_back(millisecondsOf(now - std::exchange(starts_[request], now)));
  return !failure_ && now < deadline_;
}

void CallbackRace::leave(std::exception_ptr failure) noexcept {
  const std::lock_guard lock(mutex_);
  failure_ = failure_ ? failure_ : std::move(failure);
  if (--running_ == 0) {
    over_.notify_all();
  }
}

NetworkSpeed raceThreads(std::size_t count, double seconds, const ThreadWork& work, const ThreadFactory& makeThread) {
  std::vector<std::vector<double>> latencies(count);
  std::vector<std::exception_ptr> failures(count);
  std::vector<std::thread> threads;
  threads.reserve(count);
  std::atomic<bool> failed = false;
  std::latch allAreThere(1);
  const auto body = [&](std::size_t i) {
    allAreThere.wait();
    try {
      auto last = Clock::now();
      const auto deadline = after(seconds, last);
      const std::function<bool()> next = [&] {
        const auto now = Clock::now();
        latencies[i].push_back(millisecondsOf(now - std::exchange(last, now)));
        return now < deadline && !failed;
      };
      if (!failed) {
        work(i, next);
      }
    } catch (...) {
      failures[i] = std::current_exception();
      failed = true;
    }
  };
  std::string reason;
  try {
    for (std::size_t i = 0; i < count; ++i) {
      threads.push_back(makeThread([&body, i] { body(i); }));
    }
  } catch (const std::exception& error) {
    reason = error.what();
    failed = true;
  }
  const auto begin = Clock::now();
  allAreThere.count_down();
  for (std::thread& thread : threads) {
    thread.join();
  }
  NetworkSpeed speed{millisecondsOf(Clock::now() - begin) / 1000, {}};
  for (const std::exception_ptr& failure : failures) {
    if (failure) {
      std::rethrow_exception(failure);
    }
  }
  if (failed) {
    throw Error("no thread can be made for run " + std::to_string(threads.size() + 1) + " of " + std::to_string(count) +
                " side by side: " + reason);
  }
  for (const std::vector<double>& ofThread : latencies) {
    speed.latencies.insert(speed.latencies.end(), ofThread.begin(), ofThread.end());
  }
  return speed;
}

}  // namespace trtyolo
