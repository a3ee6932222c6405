// Threads that stay alive between pieces of work, so that making them is never part of what is measured.
#pragma once

#include <barrier>
#include <cstddef>
#include <exception>
#include <functional>
#include <thread>
#include <utility>
#include <vector>

namespace app {

/// `size` threads that run the same function at the same time. For one caller at a time.
class Team {
 public:
  explicit Team(int size) : failures_(static_cast<std::size_t>(size)), gate_(size + 1) {
    for (int i = 0; i < size; ++i) threads_.emplace_back([this, i] { serve(i); });
  }

  ~Team() {
    work_ = nullptr;
    gate_.arrive_and_wait();
    for (std::thread& thread : threads_) thread.join();
  }

  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  std::size_t size() const { return threads_.size(); }

  /// Calls work(0) to work(size - 1), each in its thread, and returns when all have returned. Throws what the first of
  /// them (by number) threw.
  void run(const std::function<void(int)>& work) {
    work_ = &work;
    gate_.arrive_and_wait();  // start
    gate_.arrive_and_wait();  // end
    std::exception_ptr first;
    for (std::exception_ptr& failure : failures_) {
      const std::exception_ptr taken = std::exchange(failure, nullptr);
      if (!first) first = taken;
    }
    if (first) std::rethrow_exception(first);
  }

 private:
  void serve(int number) {
    while (true) {
      gate_.arrive_and_wait();
      if (work_ == nullptr) return;
      try {
        (*work_)(number);
      } catch (...) {
        failures_[static_cast<std::size_t>(number)] = std::current_exception();
      }
      gate_.arrive_and_wait();
    }
  }

  const std::function<void(int)>* work_ = nullptr;  // written before a gate opens, read after it
  std::vector<std::exception_ptr> failures_;
  std::barrier<> gate_;
  std::vector<std::thread> threads_;  // last, so that the rest exists when they start
};

}  // namespace app
