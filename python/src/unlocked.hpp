// Letting other Python threads run while C++ works, up to the end of the interpreter.
#pragma once

#include <nanobind/nanobind.h>

namespace trtyolo::python {

/// Releases the global interpreter lock for its lifetime, in which nothing of Python may be touched. Made by a thread
/// that holds the lock.
///
/// Python ends a thread that asks for the lock while the interpreter is shutting down, which C++ code on that thread's
/// stack does not survive. So drain(), which runs before the shutdown, waits for the threads that are inside here, and
/// whoever comes later keeps the lock.
class Unlocked {
 public:
  Unlocked();
  ~Unlocked();
  Unlocked(const Unlocked&) = delete;
  Unlocked& operator=(const Unlocked&) = delete;

 private:
  PyThreadState* state_ = nullptr;
};

/// What `call` gives, without the lock.
template <typename Call>
auto unlocked(Call call) {
  const Unlocked released;
  return call();
}

/// Whether drain() has been called.
bool isDrained();

}  // namespace trtyolo::python
