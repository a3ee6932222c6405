// What CUDA calls answer, as exceptions.
#pragma once

#include <cuda_runtime_api.h>

namespace trtyolo::cuda {

// Throws DeviceError with what was being done, on which device, and CUDA's own words, unless `status` is success.
// An error that does not stick is cleared, so that the next call is not blamed for it. Any thread.
void check(cudaError_t status, const char* doing);

// For destructors: clears the error that a release may leave, and throws nothing.
void ignore(cudaError_t status) noexcept;

}  // namespace trtyolo::cuda
