// CUDA's status codes as exceptions.
#pragma once

#include <cuda_runtime_api.h>

#include <string>

#include "trtyolo.hpp"

namespace trtyolo::cuda {

// A DeviceError that need not happen again once memory has been released.
class OutOfMemory : public DeviceError {
 public:
  using DeviceError::DeviceError;
};

// Throws DeviceError (OutOfMemory, where it is that) with the current device, what was being done, and CUDA's own
// words, unless `status` is success. An error that does not stick is cleared, so that the next call is not blamed for
// it. Any thread.
void check(cudaError_t status, const char* doing);

// The same for a `status` other than success, and a device that need not be current.
[[noreturn]] void fail(cudaError_t status, const std::string& doing, int device);

// For destructors: clears the error that a release may leave, and throws nothing.
void ignore(cudaError_t status) noexcept;

// Whether the current device still works, by a call that asks as little of it as possible: an error once a failure (an
// illegal address in a kernel, say) has ended its use by this process. Slow: not for the hot path.
cudaError_t state() noexcept;

// The device that messages name: what DeviceScope has made current, else what CUDA says.
int currentDevice() noexcept;

namespace detail {
int exchangeDeviceOfThread(int device) noexcept;  // returns the previous one; -1: none
}  // namespace detail

}  // namespace trtyolo::cuda
