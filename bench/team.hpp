// Threads that stay alive between pieces of work, so that making them is never part of what is measured.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace bench {

/// Threads that run the same function at the same time. For one caller at a time.
class Team {
 public:
  using Work = std::function<void(std::size_t)>;
  using StartThread = std::function<std::thread(std::function<void()>)>;

  /// @throws std::runtime_error  a thread cannot be started; those that were have ended then
  explicit Team(
      std::size_t size,
      const StartThread& start = [](std::function<void()> body) { return std::thread(std::move(body)); }) {
    threads_.reserve(size);
    try {
      while (threads_.size() < size) threads_.push_back(start([this, number = threads_.size()] { serve(number); }));
    } catch (const std::system_error& error) {
      const std::string made = std::to_string(threads_.size());
      end();
      throw std::runtime_error("a thread could not be started, the " + made + " before it could: " + error.what());
    } catch (...) {
      end();
      throw;
    }
  }
  ~Team() { end(); }
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  std::size_t size() const { return threads_.size(); }

  /// Calls work(0) to work(count - 1), each in a thread of its own, and returns when all have returned. `count` is at
  /// most size(). Throws what the first of them threw.
  void run(std::size_t count, const Work& work) {
    std::unique_lock lock(mutex_);
    work_ = &work;
    count_ = running_ = count;
    failure_ = nullptr;
    ++turn_;
    wake_.notify_all();
    done_.wait(lock, [&] { return running_ == 0; });
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
  }

 private:
  void serve(std::size_t number) {
    std::unique_lock lock(mutex_);
    for (std::size_t seen = 0;;) {
      wake_.wait(lock, [&] { return ended_ || turn_ != seen; });
      if (ended_) return;
      seen = turn_;
      if (number >= count_) continue;
      const Work& work = *work_;
      lock.unlock();
      std::exception_ptr failure;
      try {
        work(number);
      } catch (...) {
        failure = std::current_exception();
      }
      lock.lock();
      if (!failure_) failure_ = failure;
      if (--running_ == 0) done_.notify_one();
    }
  }

  void end() {
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
    }
    wake_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  std::mutex mutex_;
  std::condition_variable wake_, done_;
  const Work* work_ = nullptr;
  std::size_t turn_ = 0, count_ = 0, running_ = 0;
  bool ended_ = false;
  std::exception_ptr failure_;
  std::vector<std::thread> threads_;
};

}  // namespace bench
