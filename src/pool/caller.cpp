#include "pool/caller.hpp"

#include <condition_variable>
#include <deque>
#include <utility>

namespace trtyolo {

struct Caller::State {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::function<void()>> works;
  bool stopped = false;
  std::thread::id thread;

  void run() {
    std::unique_lock lock(mutex);
    thread = std::this_thread::get_id();
    for (;;) {
      changed.wait(lock, [&] { return stopped || !works.empty(); });
      if (works.empty()) {
        return;
      }
      std::function<void()> work = std::move(works.front());
      works.pop_front();
      lock.unlock();
      try {
        work();
      } catch (...) {  // nobody is there to be told
      }
      work = nullptr;  // what it holds goes without the lock
      lock.lock();
    }
  }
};

Caller::Caller() : state_(std::make_shared<State>()) {}

Caller::~Caller() {
  stop();
  if (thread_.joinable()) {
    thread_.detach();
  }
}

void Caller::start() {
  const std::lock_guard lock(mutex_);
  if (!thread_.joinable()) {
    thread_ = std::thread([state = state_] { state->run(); });
  }
}

void Caller::post(std::function<void()> work) {
  {
    const std::lock_guard lock(state_->mutex);
    state_->works.push_back(std::move(work));
  }
  state_->changed.notify_one();
}

void Caller::stop() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopped = true;
    if (state_->thread == std::this_thread::get_id()) {
      return;
    }
  }
  state_->changed.notify_one();
  const std::lock_guard lock(mutex_);
  if (thread_.joinable()) {
    thread_.join();
  }
}

}  // namespace trtyolo
