#include "cuda/devices.hpp"

#include <cuda_runtime_api.h>

#include <map>
#include <mutex>

#include "cuda/error.hpp"
#include "trtyolo.hpp"

namespace trtyolo::cuda {
namespace {

struct Kind {
  std::string name;
  int major = 0, minor = 0;  // of the compute capability
};

// Asks a device once, since one that has failed may no longer answer. The `kind` of one that does not answer stays as
// it was.
cudaError_t findKind(int device, Kind& kind) {
  // Never destroyed: objects that end with the process may still need a name for their messages.
  static auto& mutex = *new std::mutex;
  static auto& kinds = *new std::map<int, Kind>;
  const std::lock_guard lock(mutex);
  const auto known = kinds.find(device);
  if (known != kinds.end()) {
    kind = known->second;
    return cudaSuccess;
  }
  cudaDeviceProp properties{};
  const cudaError_t status = cudaGetDeviceProperties(&properties, device);
  if (status == cudaSuccess) {
    kind = kinds[device] = {properties.name, properties.major, properties.minor};
  }
  return status;
}

}  // namespace

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
  Kind kind;
  const cudaError_t status = findKind(device, kind);
  if (status != cudaSuccess) {
    fail(status, "asking for its properties", device);
  }
  return kind.name + ", compute capability " + std::to_string(kind.major) + "." + std::to_string(kind.minor);
}

std::string deviceLabel(int device) {
  if (device < 0) {
    return "a GPU";
  }
  Kind kind;
  ignore(findKind(device, kind));
  return "GPU " + std::to_string(device) + (kind.name.empty() ? "" : " (" + kind.name + ")");
}

}  // namespace trtyolo::cuda
