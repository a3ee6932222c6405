#include "cuda/error.hpp"

#include <utility>

#include "cuda/devices.hpp"

namespace trtyolo::cuda {
namespace {

// A device that can no longer be used may not even say which one is current.
thread_local int deviceOfThread = -1;

// Errors after which the process can no longer use the device.
bool endsUse(cudaError_t status) {
  switch (status) {
    case cudaErrorECCUncorrectable:
    case cudaErrorNvlinkUncorrectable:
    case cudaErrorIllegalAddress:
    case cudaErrorLaunchTimeout:
    case cudaErrorAssert:
    case cudaErrorHardwareStackError:
    case cudaErrorIllegalInstruction:
    case cudaErrorMisalignedAddress:
    case cudaErrorInvalidAddressSpace:
    case cudaErrorInvalidPc:
    case cudaErrorLaunchFailure:
      return true;
    default:
      return false;
  }
}

}  // namespace

void check(cudaError_t status, const char* doing) {
  if (status != cudaSuccess) {
    fail(status, doing, currentDevice());
  }
}

void fail(cudaError_t status, const std::string& doing, int device) {
  cudaGetLastError();
  const std::string words =
      deviceLabel(device) + ": " + doing + ": " + cudaGetErrorString(status) + " (" + cudaGetErrorName(status) + ")";
  if (status == cudaErrorMemoryAllocation) {
    throw OutOfMemory(words);
  }
  throw DeviceError(words + (endsUse(status) ? "; this process cannot use this GPU any more" : ""));
}

void ignore(cudaError_t status) noexcept {
  if (status != cudaSuccess) {
    cudaGetLastError();
  }
}

cudaError_t state() noexcept {
  std::size_t free = 0, total = 0;
  const cudaError_t status = cudaMemGetInfo(&free, &total);
  ignore(status);
  return status;
}

int currentDevice() noexcept {
  int device = deviceOfThread;
  if (device < 0) {
    ignore(cudaGetDevice(&device));
  }
  return device;
}

int detail::exchangeDeviceOfThread(int device) noexcept {
  return std::exchange(deviceOfThread, device);
}

}  // namespace trtyolo::cuda
