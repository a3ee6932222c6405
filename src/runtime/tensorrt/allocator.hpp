// What TensorRT takes of the device's memory, counted.
#pragma once

#include <NvInfer.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <unordered_map>

namespace trtyolo::tensorrt {

// The memory of one runtime, taken as TensorRT itself would take it. Any thread; it must outlive the runtime.
class CountingAllocator final : public nvinfer1::IGpuAllocator {
 public:
  std::size_t bytes() const;  // as they were asked for: the driver rounds them up
  // The most bytes that were asked for in vain since the last call of this; 0: none. TensorRT does not always say so.
  std::size_t takeRefused() { return refused_.exchange(0); }

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

  void refuse(std::size_t bytes) noexcept;
  void* keep(void* memory, std::size_t bytes, bool ordered) noexcept;
  Block forget(void* memory) noexcept;

  mutable std::mutex mutex_;
  std::unordered_map<void*, Block> blocks_;
  std::size_t bytes_ = 0;
  std::atomic<std::size_t> refused_ = 0;
};

}  // namespace trtyolo::tensorrt
