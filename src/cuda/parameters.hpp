// The parameters of a call: a few numbers that the host writes and kernels read.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <initializer_list>

namespace trtyolo::cuda {

// Where they lie on the host, in page-locked memory, and where on the device. Both are aligned to 4 bytes.
struct Parameters {
  const void* host = nullptr;
  void* device = nullptr;
  std::size_t bytes = 0;  // a multiple of 4
};

inline constexpr std::size_t kMostParameters = 4;  // of a call

// Enqueues the way of up to kMostParameters of them to the device; can be captured. It is one kernel, which reads the
// host's memory: what comes next need not wait for an engine that copies, which other streams use too. Throws
// DeviceError.
void bring(std::initializer_list<Parameters> parameters, cudaStream_t stream);

}  // namespace trtyolo::cuda
