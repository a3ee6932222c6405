#include "runtime/tensorrt/executor_pool.hpp"

#include <utility>

#include "cuda/error.hpp"

namespace trtyolo::tensorrt {
namespace {

// For how long no other executor is made after there was no memory for one: finding that out can take longer than many
// calls.
constexpr std::chrono::seconds kUntilNextAttempt{1};

// TensorRT is asked for nothing on a device that has failed for good, not even to release what went with it.
void destroy(std::unique_ptr<Executor> executor) noexcept {
  if (executor && cuda::state() != cudaSuccess) {
    static_cast<void>(executor.release());
  }
}

}  // namespace

ExecutorPool::~ExecutorPool() {
  for (std::unique_ptr<Executor>& executor : idle_) {
    destroy(std::move(executor));
  }
}

std::unique_ptr<Executor> ExecutorPool::acquire() {
  std::unique_lock lock(mutex_);
  idle_.reserve(idle_.size() + acquired_ + 1);  // so that release() cannot fail
  const bool memoryIsShort = idle_.empty() && std::chrono::steady_clock::now() < nextAttempt_;
  if (turn_ != nextTurn_ || memoryIsShort) {
    // Those who wait would wait for ever if others took what is released.
    if (std::unique_ptr<Executor> executor = waitInTurn(lock)) {
      return executor;
    }
  }
  if (idle_.empty()) {
    // Under the lock: captures and allocations of several new ones at once would only wait for each other.
    idle_.push_back(std::make_unique<Executor>(settings_));
  }
  return takeIdle();
}

std::unique_ptr<Executor> ExecutorPool::waitForExisting() {
  std::unique_lock lock(mutex_);
  nextAttempt_ = std::chrono::steady_clock::now() + kUntilNextAttempt;
  return waitInTurn(lock);
}

std::unique_ptr<Executor> ExecutorPool::waitInTurn(std::unique_lock<std::mutex>& lock) {
  const std::uint64_t turn = nextTurn_++;
  changed_.wait(lock, [&] { return idle_.empty() ? acquired_ == 0 : turn <= turn_; });
  ++turn_;
  changed_.notify_all();
  return idle_.empty() ? nullptr : takeIdle();
}

std::unique_ptr<Executor> ExecutorPool::takeIdle() {
  std::unique_ptr<Executor> executor = std::move(idle_.back());
  idle_.pop_back();
  ++acquired_;
  return executor;
}

void ExecutorPool::release(std::unique_ptr<Executor> executor) {
  const std::lock_guard lock(mutex_);
  --acquired_;
  changed_.notify_all();
  if (executor && idle_.size() + acquired_ < clones_) {
    idle_.push_back(std::move(executor));
  }
}

void ExecutorPool::discard(std::unique_ptr<Executor> executor) noexcept {
  destroy(std::move(executor));
  const std::lock_guard lock(mutex_);
  --acquired_;
  changed_.notify_all();
}

std::size_t ExecutorPool::executors() const {
  const std::lock_guard lock(mutex_);
  return idle_.size() + acquired_;
}

void ExecutorPool::addClone() {
  const std::lock_guard lock(mutex_);
  ++clones_;
}

void ExecutorPool::removeClone() noexcept {
  std::unique_ptr<Executor> superfluous;
  {
    const std::lock_guard lock(mutex_);
    --clones_;
    if (idle_.size() + acquired_ > clones_ && !idle_.empty()) {
      superfluous = std::move(idle_.front());
      idle_.erase(idle_.begin());
    }
  }
  destroy(std::move(superfluous));
}

}  // namespace trtyolo::tensorrt
