#include "runtime/tensorrt/executor_pool.hpp"

#include <utility>

#include "cuda/error.hpp"

namespace trtyolo::tensorrt {
namespace {

// For how long nobody asks for another executor after there was no memory for one: to find that out can take longer
// than many calls.
constexpr std::chrono::seconds kUntilNextAttempt{1};

// TensorRT is asked for nothing on a device that has failed for good, not even to give back what went with it.
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

std::unique_ptr<Executor> ExecutorPool::borrow() {
  std::unique_lock lock(mutex_);
  idle_.reserve(idle_.size() + lent_ + 1);  // so that giving back cannot fail
  const bool memoryIsShort = idle_.empty() && std::chrono::steady_clock::now() < nextAttempt_;
  if (turn_ != nextTurn_ || memoryIsShort) {
    // Those who wait would wait for ever if others took what is given back.
    if (std::unique_ptr<Executor> executor = waitForOld(lock)) {
      return executor;
    }
  }
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

std::unique_ptr<Executor> ExecutorPool::borrowOld() {
  std::unique_lock lock(mutex_);
  nextAttempt_ = std::chrono::steady_clock::now() + kUntilNextAttempt;
  return waitForOld(lock);
}

std::unique_ptr<Executor> ExecutorPool::waitForOld(std::unique_lock<std::mutex>& lock) {
  const std::uint64_t turn = nextTurn_++;
  changed_.wait(lock, [&] { return idle_.empty() ? lent_ == 0 : turn <= turn_; });
  ++turn_;
  changed_.notify_all();
  if (idle_.empty()) {
    return nullptr;
  }
  std::unique_ptr<Executor> executor = std::move(idle_.back());
  idle_.pop_back();
  ++lent_;
  return executor;
}

void ExecutorPool::giveBack(std::unique_ptr<Executor> executor) {
  const std::lock_guard lock(mutex_);
  --lent_;
  changed_.notify_all();
  if (executor && idle_.size() + lent_ < clones_) {
    idle_.push_back(std::move(executor));
  }
}

void ExecutorPool::discard(std::unique_ptr<Executor> executor) noexcept {
  destroy(std::move(executor));
  const std::lock_guard lock(mutex_);
  --lent_;
  changed_.notify_all();
}

std::size_t ExecutorPool::executors() const {
  const std::lock_guard lock(mutex_);
  return idle_.size() + lent_;
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
    if (idle_.size() + lent_ > clones_ && !idle_.empty()) {
      superfluous = std::move(idle_.front());
      idle_.erase(idle_.begin());
    }
  }
  destroy(std::move(superfluous));
}

}  // namespace trtyolo::tensorrt
