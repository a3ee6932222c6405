// Skips a test where there is no GPU.
#pragma once

#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

namespace trtyolo::cuda {

inline bool hasGpu() {
  int count = 0;
  const bool found = cudaGetDeviceCount(&count) == cudaSuccess && count > 0;
  cudaGetLastError();
  return found;
}

}  // namespace trtyolo::cuda

#define TRTYOLO_NEEDS_GPU() \
  if (!trtyolo::cuda::hasGpu()) GTEST_SKIP() << "this machine has no GPU that CUDA can use"
