// Copies that have arrived.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>

#include "cuda/error.hpp"

namespace trtyolo::cuda {

// Done when it returns, also for streams that do not wait for others: a copy from pageable memory alone may return
// before it has arrived.
inline void copyToDevice(void* to, const void* from, std::size_t bytes) {
  check(cudaMemcpy(to, from, bytes, cudaMemcpyHostToDevice), "copying to the device");
  check(cudaDeviceSynchronize(), "waiting for the device");
}

}  // namespace trtyolo::cuda
