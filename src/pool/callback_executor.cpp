#include "pool/callback_executor.hpp"

#include <condition_variable>
#include <utility>

namespace trtyolo {

struct CallbackExecutor::State {
  std::mutex mutex;
  std::condition_variable changed;
  RequestList requests;
  bool stopped = false;
  std::thread::id thread;

  void run() {
    std::unique_lock lock(mutex);
    thread = std::this_thread::get_id();
    for (;;) {
      changed.wait(lock, [&] { return stopped || !requests.empty(); });
      if (requests.empty()) {
        return;
      }
      RequestList current;
      current.splice(current.begin(), requests, requests.begin());
      lock.unlock();
      call(current.front());
      current.clear();  // without the lock, for it may be the last share of a scheduler
      lock.lock();
    }
  }

  static void call(const std::shared_ptr<PoolRequest>& request) {
    const auto onDone = std::move(request->onDone);
    if (!request->beingDecoded) {  // else it is posted again
      request->owner.reset();
    }
    request->pixels.reset();
    if (onDone) {
      try {
        onDone(request);
      } catch (...) {  // nobody is there to be told
      }
    }
  }
};

CallbackExecutor::CallbackExecutor() : state_(std::make_shared<State>()) {}

CallbackExecutor::~CallbackExecutor() {
  stop();
  if (thread_.joinable()) {
    thread_.detach();
  }
}

void CallbackExecutor::start() {
  const std::lock_guard lock(mutex_);
  if (!thread_.joinable()) {
    thread_ = std::thread([state = state_] { state->run(); });
  }
}

void CallbackExecutor::post(RequestList& from, RequestList::iterator place) noexcept {
  {
    const std::lock_guard lock(state_->mutex);
    state_->requests.splice(state_->requests.end(), from, place);
  }
  state_->changed.notify_one();
}

void CallbackExecutor::stop() {
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
