#include "cuda/devices.hpp"

#include <cuda_runtime_api.h>

#include "cuda/error.hpp"
#include "trtyolo.hpp"

namespace trtyolo::cuda {

std::string whyNoDevice() {
  int count = 0;
  const cudaError_t status = cudaGetDeviceCount(&count);
  ignore(status);
  switch (status) {
    case cudaSuccess:
      return count > 0 ? "" : "this machine has no NVIDIA GPU";
    case cudaErrorNoDevice:
      return "this machine has no NVIDIA GPU that CUDA can use";
    case cudaErrorInsufficientDriver:
      // CUDA says the same where there is no driver at all.
      return "this machine has no NVIDIA driver, or one older than CUDA " + std::to_string(CUDART_VERSION / 1000) +
             "." + std::to_string(CUDART_VERSION % 1000 / 10) + " needs";
    default:
      return std::string("CUDA cannot be used: ") + cudaGetErrorString(status);
  }
}

int deviceCount() {
  int count = 0;
  const cudaError_t status = cudaGetDeviceCount(&count);
  ignore(status);
  return status == cudaSuccess ? count : 0;
}

void checkDevice(int device) {
  const std::string why = whyNoDevice();
  if (!why.empty()) {
    throw DeviceError(why);
  }
  const int count = deviceCount();
  if (device < 0 || device >= count) {
    throw DeviceError("GPU " + std::to_string(device) + " was asked for; this machine has " + std::to_string(count) +
                      ", numbered from 0");
  }
}

std::string deviceName(int device) {
  checkDevice(device);
  cudaDeviceProp properties{};
  check(cudaGetDeviceProperties(&properties, device), "asking for a device's properties");
  return std::string(properties.name) + ", compute capability " + std::to_string(properties.major) + "." +
         std::to_string(properties.minor);
}

}  // namespace trtyolo::cuda
