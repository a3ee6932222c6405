// The thread in which users' code is called.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <thread>

namespace trtyolo {

// Calls what it is given, one after the other, in a thread of its own, so that callbacks and the release of images
// never hold up a run. Any thread.
class Caller {
 public:
  Caller();
  // Waits as stop() does. In its own thread it returns, and the thread ends by itself.
  ~Caller();
  Caller(const Caller&) = delete;
  Caller& operator=(const Caller&) = delete;

  // Makes the thread, if there is none. To be called before the first post().
  void start();
  // What `work` throws is lost.
  void post(std::function<void()> work);
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
