// Counts the memory that TensorRT takes on the device.
#pragma once

#include <NvInfer.h>

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <unordered_map>

namespace trtyolo::tensorrt {

// Allocates for one runtime as TensorRT itself would, and notes in RefusedMemory what fails, which TensorRT does not
// always report. Any thread; it must outlive the runtime.
class CountingAllocator final : public nvinfer1::IGpuAllocator {
 public:
  std::size_t bytes() const;  // as they were asked for: the driver rounds them up

  void* allocate(std::uint64_t size, std::uint64_t alignment, nvinfer1::AllocatorFlags flags) noexcept override;
  void* allocateAsync(std::uint64_t size, std::uint64_t alignment, nvinfer1::AllocatorFlags flags,
                      cudaStream_t stream) noexcept override;
  bool deallocate(void* memory) noexcept override;
  bool deallocateAsync(void* memory, cudaStream_t stream) noexcept override;

 private:
  struct Block {
    std::size_t bytes = 0;
    bool ordered = false;  // by a stream
  };

  void* keep(void* memory, std::size_t bytes, bool ordered) noexcept;
  Block forget(void* memory) noexcept;

  mutable std::mutex mutex_;
  std::unordered_map<void*, Block> blocks_;
  std::size_t bytes_ = 0;
};

}  // namespace trtyolo::tensorrt
