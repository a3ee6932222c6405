#include "runtime/tensorrt/allocator.hpp"

#include <cuda_runtime_api.h>

#include <new>

#include "cuda/error.hpp"
#include "runtime/refused_memory.hpp"

namespace trtyolo::tensorrt {

std::size_t CountingAllocator::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

void* CountingAllocator::allocate(std::uint64_t size, std::uint64_t /*alignment*/,
                                  nvinfer1::AllocatorFlags /*flags*/) noexcept {
  void* memory = nullptr;
  if (size == 0) {
    return nullptr;
  }
  const cudaError_t status = cudaMalloc(&memory, size);
  cuda::ignore(status);
  if (status == cudaErrorMemoryAllocation) {
    RefusedMemory::note(size);
  }
  return status == cudaSuccess ? keep(memory, size, false) : nullptr;
}

void* CountingAllocator::allocateAsync(std::uint64_t size, std::uint64_t alignment, nvinfer1::AllocatorFlags flags,
                                       cudaStream_t stream) noexcept {
  void* memory = nullptr;
  if (size == 0) {
    return nullptr;
  }
  const cudaError_t status = cudaMallocAsync(&memory, size, stream);
  if (status != cudaSuccess) {
    cuda::ignore(status);
    if (status == cudaErrorMemoryAllocation) {
      RefusedMemory::note(size);
    }
    // Not every device and driver has memory in a stream's order.
    return status == cudaErrorNotSupported ? allocate(size, alignment, flags) : nullptr;
  }
  return keep(memory, size, true);
}

bool CountingAllocator::deallocate(void* memory) noexcept {
  forget(memory);
  const cudaError_t status = cudaFree(memory);
  cuda::ignore(status);
  return status == cudaSuccess;
}

bool CountingAllocator::deallocateAsync(void* memory, cudaStream_t stream) noexcept {
  if (!memory || !forget(memory).ordered) {
    return deallocate(memory);
  }
  const cudaError_t status = cudaFreeAsync(memory, stream);
  cuda::ignore(status);
  return status == cudaSuccess;
}

void* CountingAllocator::keep(void* memory, std::size_t bytes, bool ordered) noexcept {
  try {
    const std::lock_guard lock(mutex_);
    // In a graph that is captured an address may come again.
    Block& block = blocks_[memory];
    bytes_ += bytes - block.bytes;
    block = {bytes, ordered};
    return memory;
  } catch (const std::bad_alloc&) {
    cuda::ignore(cudaFree(memory));
    return nullptr;
  }
}

CountingAllocator::Block CountingAllocator::forget(void* memory) noexcept {
  const std::lock_guard lock(mutex_);
  const auto found = blocks_.find(memory);
  if (found == blocks_.end()) {
    return {};
  }
  const Block block = found->second;
  bytes_ -= block.bytes;
  blocks_.erase(found);
  return block;
}

}  // namespace trtyolo::tensorrt
