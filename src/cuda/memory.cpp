#include "cuda/memory.hpp"

#include <cuda_runtime_api.h>

#include "cuda/error.hpp"

namespace trtyolo::cuda {

DeviceScope::DeviceScope(int device) {
  check(cudaGetDevice(&before_), "asking for the current device");
  // Also where it is current already: a thread that has not used CUDA yet has no context until this.
  check(cudaSetDevice(device), "choosing a device");
  changed_ = before_ != device;
}

DeviceScope::~DeviceScope() {
  if (changed_) {
    ignore(cudaSetDevice(before_));
  }
}

namespace detail {

void* allocateDevice(std::size_t bytes) {
  void* memory = nullptr;
  check(cudaMalloc(&memory, bytes), "allocating device memory");
  return memory;
}

void releaseDevice(void* memory) noexcept {
  if (memory) {
    ignore(cudaFree(memory));
  }
}

void* allocatePinned(std::size_t bytes) {
  void* memory = nullptr;
  check(cudaHostAlloc(&memory, bytes, cudaHostAllocMapped | cudaHostAllocPortable), "allocating page-locked memory");
  return memory;
}

void* allocateUpload(std::size_t bytes) {
  void* memory = nullptr;
  check(cudaHostAlloc(&memory, bytes, cudaHostAllocWriteCombined | cudaHostAllocPortable),
        "allocating page-locked memory");
  return memory;
}

void releasePinned(void* memory) noexcept {
  if (memory) {
    ignore(cudaFreeHost(memory));
  }
}

}  // namespace detail
}  // namespace trtyolo::cuda
