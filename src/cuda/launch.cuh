// Starts a kernel.
#pragma once

#include <cuda_runtime.h>

#include "cuda/error.hpp"

namespace trtyolo::cuda {

// Reports errors of this launch only: one that other code has left in the thread is neither reported nor cleared.
template <typename... Parameters>
void launch(const char* doing, void (*kernel)(Parameters...), dim3 grid, dim3 block, cudaStream_t stream,
            const Parameters&... arguments) {
  cudaLaunchConfig_t config{};
  config.gridDim = grid;
  config.blockDim = block;
  config.stream = stream;
  check(cudaLaunchKernelEx(&config, kernel, arguments...), doing);
}

}  // namespace trtyolo::cuda
