// OpenVINO's core, with its plugin for CPUs.
#pragma once

#include <openvino/openvino.hpp>
#include <optional>
#include <string>

namespace trtyolo::openvino {

inline constexpr const char* kDevice = "CPU";

// An ov::Core that leaves the signals of the threads that make and destroy it alone.
//
// On processors with AMX the plugin gives the thread that loads it another stack for signals (sigaltstack), and unmaps
// that when the plugin goes. If another thread destroys it, the first one is left with a stack that is not there, and
// its next signal ends the process: Go, Java and .NET send their threads signals all the time. So the thread gets its
// own stack back at once.
class Core {
 public:
  // Throws what OpenVINO throws.
  Core();
  ~Core();
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  ov::Core* operator->() { return &*core_; }

  // Full name of the processor.
  const std::string& device() const { return device_; }

 private:
  std::optional<ov::Core> core_;
  std::string device_;
};

}  // namespace trtyolo::openvino
