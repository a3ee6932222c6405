// The executors of an engine, lent to whoever runs.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "runtime/tensorrt/executor.hpp"

namespace trtyolo::tensorrt {

// Clones that do not run need no memory on the GPU, so they own none: each call borrows an executor, and there are as
// many as there were calls at the same time. Any thread; the engine's device must be current.
class ExecutorPool {
 public:
  // `settings` outlive the pool.
  explicit ExecutorPool(const ExecutorSettings& settings) : settings_(settings) {}
  ~ExecutorPool();
  ExecutorPool(const ExecutorPool&) = delete;
  ExecutorPool& operator=(const ExecutorPool&) = delete;

  // The executor that was given back last, or a new one. Throws OutOfMemory if there is no memory for another. For a
  // while after borrowOld() it waits as that does.
  std::unique_ptr<Executor> borrow();
  // For want of memory: an executor that there is already, waited for in turn; null if there is none, not even a lent
  // one.
  std::unique_ptr<Executor> borrowOld();
  void giveBack(std::unique_ptr<Executor> executor);
  // What of a failed call is left is destroyed.
  void discard(std::unique_ptr<Executor> executor) noexcept;

  std::size_t executors() const;  // idle and lent ones

  // How many clones there are: idle executors beyond that are dropped.
  void addClone();
  void removeClone() noexcept;

 private:
  std::unique_ptr<Executor> waitForOld(std::unique_lock<std::mutex>& lock);

  ExecutorSettings settings_;
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<Executor>> idle_;
  std::size_t clones_ = 0, lent_ = 0;
  std::uint64_t nextTurn_ = 0, turn_ = 0;              // of those who wait for an old one; equal: nobody does
  std::chrono::steady_clock::time_point nextAttempt_;  // at making one, after there was no memory for it
  std::condition_variable changed_;
};

}  // namespace trtyolo::tensorrt
