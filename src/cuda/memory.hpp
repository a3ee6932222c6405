// Memory of a device, and host memory that it can reach, owned. Sizes are in elements. No object here is for two
// threads at once, and each is released on the device that was current when it was made.
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

#include "cuda/memory_account.hpp"

namespace trtyolo::cuda {

// The current device for as long as this lives; the caller's own one is current again afterwards.
class DeviceScope {
 public:
  explicit DeviceScope(int device);
  ~DeviceScope();
  DeviceScope(const DeviceScope&) = delete;
  DeviceScope& operator=(const DeviceScope&) = delete;

 private:
  int before_ = 0;
  int beforeInMessages_ = -1;
  bool changed_ = false;
};

namespace detail {
void* allocateDevice(std::size_t bytes);
void releaseDevice(void* memory) noexcept;
void* allocatePinned(std::size_t bytes);
void* allocateUpload(std::size_t bytes);
void releasePinned(void* memory) noexcept;
}  // namespace detail

// Uninitialized; a size of 0 has no memory. Counted in the account that was the thread's when it was made.
template <typename T, void* (*allocate)(std::size_t), void (*release)(void*) noexcept,
          std::atomic<std::size_t> MemoryAccount::*kind>
class Memory {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  Memory() = default;
  explicit Memory(std::size_t size)
      : data_(size == 0 ? nullptr : static_cast<T*>(allocate(size * sizeof(T)))),
        size_(size),
        account_(AccountScope::current()) {
    if (account_) {
      account_->*kind += bytes();
    }
  }
  ~Memory() {
    release(data_);
    if (account_) {
      account_->*kind -= bytes();
    }
  }
  Memory(Memory&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        account_(std::exchange(other.account_, nullptr)) {}
  Memory& operator=(Memory&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(account_, other.account_);
    return *this;
  }

  T* get() const { return data_; }
  std::size_t size() const { return size_; }
  std::size_t bytes() const { return size_ * sizeof(T); }

 private:
  T* data_ = nullptr;
  std::size_t size_ = 0;
  MemoryAccount* account_ = nullptr;
};

template <typename T>
using DeviceMemory = Memory<T, detail::allocateDevice, detail::releaseDevice, &MemoryAccount::device>;

// The same for what a network only needs while it runs.
template <typename T>
using ScratchMemory = Memory<T, detail::allocateDevice, detail::releaseDevice, &MemoryAccount::scratch>;

// Page-locked host memory. The device reads and writes it under the same address.
template <typename T>
using PinnedMemory = Memory<T, detail::allocatePinned, detail::releasePinned, &MemoryAccount::pinned>;

// The same for what the host only writes: past its caches, so quicker for both. Reading it is very slow.
template <typename T>
using UploadMemory = Memory<T, detail::allocateUpload, detail::releasePinned, &MemoryAccount::pinned>;

}  // namespace trtyolo::cuda
