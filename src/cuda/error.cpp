#include "cuda/error.hpp"

#include <string>

#include "trtyolo.hpp"

namespace trtyolo::cuda {

void check(cudaError_t status, const char* doing) {
  if (status == cudaSuccess) {
    return;
  }
  cudaGetLastError();
  int device = -1;
  const bool known = cudaGetDevice(&device) == cudaSuccess;
  throw DeviceError(std::string(doing) + (known ? " on GPU " + std::to_string(device) : std::string()) +
                    " failed: " + cudaGetErrorString(status) + " (" + cudaGetErrorName(status) + ")");
}

void ignore(cudaError_t status) noexcept {
  if (status != cudaSuccess) {
    cudaGetLastError();
  }
}

}  // namespace trtyolo::cuda
