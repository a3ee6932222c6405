#include "runtime/openvino/core.hpp"

#ifndef _WIN32
#include <csignal>
#endif
#include <mutex>
#include <vector>

namespace trtyolo::openvino {
namespace {

#ifdef _WIN32

class SignalStack {
 public:
  bool restore() { return true; }
};

#else

// That of this thread.
class SignalStack {
 public:
  SignalStack() { known_ = sigaltstack(nullptr, &own_) == 0; }

  // False if the system refuses it: it is too small for the signals of a process that may use AMX.
  bool restore() const { return !known_ || sigaltstack(&own_, nullptr) == 0; }

 private:
  stack_t own_ = {};
  bool known_ = false;
};

#endif

// Never to go: a thread has its stack for signals from the plugin.
void keep(const ov::Core& core) {
  static std::mutex mutex;
  static auto* const kept = new std::vector<ov::Core>;
  const std::lock_guard lock(mutex);
  kept->push_back(core);
}

}  // namespace

Core::Core() {
  const SignalStack own;
  core_.emplace();
  try {
    device_ = core_->get_property(kDevice, ov::device::full_name);  // loads the plugin
  } catch (...) {
    own.restore();
    throw;
  }
  if (!own.restore()) {
    keep(*core_);
  }
}

Core::~Core() {
  const SignalStack own;
  core_.reset();
  own.restore();
}

}  // namespace trtyolo::openvino
