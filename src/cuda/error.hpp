// What CUDA calls answer, as exceptions.
#pragma once

#include <cuda_runtime_api.h>

#include <string>

#include "trtyolo.hpp"

namespace trtyolo::cuda {

// A DeviceError that may be none once somebody has given memory back.
class OutOfMemory : public DeviceError {
 public:
  using DeviceError::DeviceError;
};

// Throws DeviceError (OutOfMemory, where it is that) with the current device, what was being done, and CUDA's own
// words, unless `status` is success. An error that does not stick is cleared, so that the next call is not blamed for
// it. Any thread.
void check(cudaError_t status, const char* doing);

// The same for a `status` that is no success, and a device that need not be current.
[[noreturn]] void fail(cudaError_t status, const std::string& doing, int device);

// For destructors: clears the error that a release may leave, and throws nothing.
void ignore(cudaError_t status) noexcept;

// What the current device answers when it is asked for as little as possible: no success once something has failed on
// it for good (an illegal address in somebody's kernel, say), which no call of this process can use it after. Not for
// the way of a call: it takes its time.
cudaError_t state() noexcept;

// The device that messages name: what DeviceScope has made current, else what CUDA says.
int currentDevice() noexcept;

namespace detail {
int exchangeDeviceOfThread(int device) noexcept;  // gives the one before; -1: none
}  // namespace detail

}  // namespace trtyolo::cuda
