// The executors of an engine, lent to whoever runs.
#pragma once

#include <cstddef>
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

  // The executor that was given back last, or a new one. Throws DeviceError if there is no memory for another.
  std::unique_ptr<Executor> borrow();
  void giveBack(std::unique_ptr<Executor> executor);

  // How many clones there are: idle executors beyond that are dropped.
  void addClone();
  void removeClone() noexcept;

 private:
  ExecutorSettings settings_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Executor>> idle_;
  std::size_t clones_ = 0, lent_ = 0;
};

}  // namespace trtyolo::tensorrt
