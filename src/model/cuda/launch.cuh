// Starts a kernel.
#pragma once

#include <cuda_runtime.h>

#include "cuda/error.hpp"

namespace trtyolo::cuda {

template <typename... Parameters>
void launch(const char* doing, void (*kernel)(Parameters...), dim3 grid, unsigned threads, cudaStream_t stream,
            const Parameters&... arguments) {
  cudaLaunchConfig_t config{};
  config.gridDim = grid;
  config.blockDim = dim3(threads);
  config.stream = stream;
  check(cudaLaunchKernelEx(&config, kernel, arguments...), doing);
}

}  // namespace trtyolo::cuda
