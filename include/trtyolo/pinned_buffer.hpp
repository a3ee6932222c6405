// trtyolo::PinnedBuffer: memory for images that a GPU reads where they are.
#pragma once

#include <cstddef>
#include <memory>

#include "api.hpp"

namespace trtyolo {

/// Memory of the processor for images, page-locked where TensorRT can be used: predict() then copies nothing, the GPU
/// reads the pixels that it needs from here. Where there is no GPU it is ordinary memory, and nothing else changes.
///
/// Uninitialized, aligned to 64 bytes at least. Of any GPU; page-locked memory of others (cudaHostAlloc,
/// cudaHostRegister, torch.Tensor.pin_memory) is recognized and read in the same way. Page-locking takes milliseconds
/// and cannot be swapped: keep buffers and fill them again. Copies share the memory, which goes with the last; any
/// thread may make and drop them. What is written to it while a call reads it is the caller's to order.
class TRTYOLO_API PinnedBuffer {
 public:
  /// @throws std::invalid_argument  `bytes` is 0
  /// @throws std::bad_alloc  there is not so much memory
  /// @throws DeviceError  there is not so much that can be page-locked
  explicit PinnedBuffer(std::size_t bytes);

  void* data() const noexcept { return memory_.get(); }  ///< the first byte; never null
  std::size_t size() const noexcept { return size_; }    ///< bytes
  /// Whether a GPU reads it in place.
  bool pageLocked() const noexcept { return pageLocked_; }

 private:
  std::shared_ptr<void> memory_;
  std::size_t size_ = 0;
  bool pageLocked_ = false;
};

}  // namespace trtyolo
