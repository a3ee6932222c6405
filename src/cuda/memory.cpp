#include "cuda/memory.hpp"

#include <cuda_runtime_api.h>

#include "cuda/error.hpp"

namespace trtyolo::cuda {
namespace {

thread_local MemoryAccount* accountOfThread = nullptr;

}  // namespace

DeviceScope::DeviceScope(int device) {
  // A current device that has failed may not say which one it is: there is no way back to it then.
  const cudaError_t known = cudaGetDevice(&before_);
  ignore(known);
  // Also where it is current already: a thread that has not used CUDA yet has no context until this.
  const cudaError_t status = cudaSetDevice(device);
  changed_ = known == cudaSuccess && before_ != device;
  if (status != cudaSuccess && changed_) {
    cudaSetDevice(before_);  // it may be current without being ready
  }
  if (status != cudaSuccess) {
    fail(status, "making it the current device", device);
  }
  beforeInMessages_ = detail::exchangeDeviceOfThread(device);
}

DeviceScope::~DeviceScope() {
  detail::exchangeDeviceOfThread(beforeInMessages_);
  if (changed_) {
    ignore(cudaSetDevice(before_));
  }
}

AccountScope::AccountScope(MemoryAccount& account) : before_(std::exchange(accountOfThread, &account)) {}

AccountScope::~AccountScope() {
  accountOfThread = before_;
}

MemoryAccount* AccountScope::current() {
  return accountOfThread;
}

namespace detail {
namespace {

constexpr const char* kPageLocked = "of the host's memory, page-locked";

void checkAllocation(cudaError_t status, std::size_t bytes, const char* ofWhat) {
  if (status != cudaSuccess) {
    fail(status, "allocating " + std::to_string(bytes) + " bytes " + ofWhat, currentDevice());
  }
}

}  // namespace

void* allocateDevice(std::size_t bytes) {
  void* memory = nullptr;
  checkAllocation(cudaMalloc(&memory, bytes), bytes, "of its memory");
  return memory;
}

void releaseDevice(void* memory) noexcept {
  if (memory) {
    ignore(cudaFree(memory));
  }
}

void* allocatePinned(std::size_t bytes) {
  void* memory = nullptr;
  checkAllocation(cudaHostAlloc(&memory, bytes, cudaHostAllocMapped | cudaHostAllocPortable), bytes, kPageLocked);
  return memory;
}

void* allocateUpload(std::size_t bytes) {
  void* memory = nullptr;
  checkAllocation(cudaHostAlloc(&memory, bytes, cudaHostAllocWriteCombined | cudaHostAllocPortable), bytes,
                  kPageLocked);
  return memory;
}

void releasePinned(void* memory) noexcept {
  if (memory) {
    ignore(cudaFreeHost(memory));
  }
}

}  // namespace detail
}  // namespace trtyolo::cuda
