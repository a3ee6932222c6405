// The thread in which users' code is called.
#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <thread>

#include "pool/request.hpp"

namespace trtyolo {

// Of images that are done: releases their owners and calls their callbacks, one after the other, in a thread of its
// own, so that users' code never holds up a run. Any thread.
class CallbackExecutor {
 public:
  CallbackExecutor();
  // Waits as stop() does. In its own thread it returns, and the thread ends by itself.
  ~CallbackExecutor();
  CallbackExecutor(const CallbackExecutor&) = delete;
  CallbackExecutor& operator=(const CallbackExecutor&) = delete;

  // Makes the thread, if there is none. To be called before the first post(). Throws std::system_error if the machine
  // has no more threads.
  void start();
  // Takes the image at `place` out of `from`. Allocates nothing. What its callback throws is lost. An image that is
  // still being decoded keeps its owner, and is to be posted again.
  void post(RequestList& from, RequestList::iterator place) noexcept;
  // Returns when all that was posted has been called; nothing may be posted afterwards. In its own thread, where it
  // cannot wait for itself, it returns at once.
  void stop();

 private:
  struct State;  // shared with the thread, which may outlive this

  std::shared_ptr<State> state_;
  std::mutex mutex_;  // of the thread's beginning and end
  std::thread thread_;
};

}  // namespace trtyolo
