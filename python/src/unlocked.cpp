#include "unlocked.hpp"

#include <chrono>
#include <thread>

#include "bindings.hpp"

namespace trtyolo::python {
namespace {

// Both are for who holds the lock.
int threadsInside = 0;
bool drained = false;

void drain() {
  drained = true;
  while (threadsInside > 0) {
    const nanobind::gil_scoped_release unlocked;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

}  // namespace

Unlocked::Unlocked() {
  if (!drained) {
    ++threadsInside;
    state_ = PyEval_SaveThread();
  }
}

Unlocked::~Unlocked() {
  if (state_) {
    PyEval_RestoreThread(state_);
    --threadsInside;
  }
}

bool isDrained() {
  return drained;
}

void bindUnlocked(nanobind::module_& module) {
  module.def("drain", &drain,
             "Waits for the threads that are inside this module; from then on its calls keep the interpreter lock.");
  module.def(
      "forget_threads", [] { threadsInside = 0; }, "To be called in a forked child, where the other threads are gone.");
}

}  // namespace trtyolo::python
