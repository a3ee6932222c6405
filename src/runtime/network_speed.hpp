// The bare network's speed: what backends need to run it again and again, side by side. Nothing that a run or the start
// of one throws leaves work behind or makes anybody wait for ever.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "trtyolo.hpp"

namespace trtyolo {

// Runs that end in a callback, which starts the next one. Held by the callbacks, too: the last one may still be on its
// way out when run() returns.
class CallbackRace {
 public:
  // Starts a run; ended() follows, in any thread, unless it throws.
  using Start = std::function<void(std::size_t request)>;

  // Keeps `requests` runs going for about `seconds`, at least one each. Throws what `start` or a run threw, after all
  // runs have ended.
  NetworkSpeed run(std::size_t requests, double seconds, Start start);

  void ended(std::size_t request, std::exception_ptr failure) noexcept;

 private:
  bool record(std::size_t request);
  void leave(std::exception_ptr failure) noexcept;

  std::mutex mutex_;  // of what follows
  std::condition_variable over_;
  Start start_;
  std::chrono::steady_clock::time_point deadline_;
  std::vector<std::chrono::steady_clock::time_point> starts_;  // of each request's run
  std::vector<double> latencies_;
  std::size_t running_ = 0;
  std::exception_ptr failure_;
};

// Runs of a thread that waits for each: work(thread, next) calls next() after every run until that gives false.
using ThreadWork = std::function<void(std::size_t thread, const std::function<bool()>& next)>;
using ThreadFactory = std::function<std::thread(const std::function<void()>& body)>;

// `count` threads that begin together and work for `seconds`. Throws what one of them threw, and Error if a thread
// cannot be made; no thread is left then.
NetworkSpeed raceThreads(
    std::size_t count, double seconds, const ThreadWork& work,
    const ThreadFactory& makeThread = [](const std::function<void()>& body) { return std::thread(body); });

}  // namespace trtyolo
