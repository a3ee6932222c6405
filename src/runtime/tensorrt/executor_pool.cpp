#include "runtime/tensorrt/executor_pool.hpp"

#include <utility>

namespace trtyolo::tensorrt {

std::unique_ptr<Executor> ExecutorPool::borrow() {
  const std::lock_guard lock(mutex_);
  idle_.reserve(idle_.size() + lent_ + 1);  // so that giving back cannot fail
  if (idle_.empty()) {
    // Under the lock: captures and allocations of several new ones at once would only wait for each other.
    auto executor = std::make_unique<Executor>(settings_);
    ++lent_;
    return executor;
  }
  std::unique_ptr<Executor> executor = std::move(idle_.back());
  idle_.pop_back();
  ++lent_;
  return executor;
}

void ExecutorPool::giveBack(std::unique_ptr<Executor> executor) {
  const std::lock_guard lock(mutex_);
  --lent_;
  if (executor && idle_.size() + lent_ < clones_) {
    idle_.push_back(std::move(executor));
  }
}

void ExecutorPool::addClone() {
  const std::lock_guard lock(mutex_);
  ++clones_;
}

void ExecutorPool::removeClone() noexcept {
  std::unique_ptr<Executor> superfluous;
  const std::lock_guard lock(mutex_);
  --clones_;
  if (idle_.size() + lent_ > clones_ && !idle_.empty()) {
    superfluous = std::move(idle_.front());
    idle_.erase(idle_.begin());
  }
}

}  // namespace trtyolo::tensorrt
