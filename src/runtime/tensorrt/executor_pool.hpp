// The executors of an engine, which calls acquire and release.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "runtime/tensorrt/executor.hpp"

namespace trtyolo::tensorrt {

// Clones that do not run need no memory on the GPU, so they own none: each call acquires an executor, and there are as
// many as there were calls at the same time. Any thread; the engine's device must be current.
class ExecutorPool {
 public:
  // `settings` outlive the pool.
  explicit ExecutorPool(const ExecutorSettings& settings) : settings_(settings) {}
  ~ExecutorPool();
  ExecutorPool(const ExecutorPool&) = delete;
  ExecutorPool& operator=(const ExecutorPool&) = delete;

  // The executor that was released last, or a new one. Throws OutOfMemory if there is no memory for another. For a
  // while after waitForExisting() it waits as that does.
  std::unique_ptr<Executor> acquire();
  // Where memory is short: waits in turn for an executor that exists; null if there is none, idle or acquired.
  std::unique_ptr<Executor> waitForExisting();
  void release(std::unique_ptr<Executor> executor);
  // Destroys the executor of a call that failed.
  void discard(std::unique_ptr<Executor> executor) noexcept;

  std::size_t executors() const;  // idle and acquired ones
  // Whether one call has one acquired, and no other has.
  bool alone() const { return acquired_ == 1; }

  // How many clones there are: idle executors beyond that are dropped.
  void addClone();
  void removeClone() noexcept;

 private:
  std::unique_ptr<Executor> takeIdle();  // there is one
  std::unique_ptr<Executor> waitInTurn(std::unique_lock<std::mutex>& lock);

  ExecutorSettings settings_;
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<Executor>> idle_;
  std::size_t clones_ = 0;
  std::atomic<std::size_t> acquired_ = 0;              // changed under the lock
  std::uint64_t nextTurn_ = 0, turn_ = 0;              // of those who wait; equal: nobody does
  std::chrono::steady_clock::time_point nextAttempt_;  // at making one, after there was no memory for it
  std::condition_variable changed_;
};

}  // namespace trtyolo::tensorrt
