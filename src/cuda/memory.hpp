// Owned memory of a device, and owned host memory that it can reach. Sizes are in elements. One thread at a time for
// each object; each is released on the device that was current when it was made.
#pragma once

#include <atomic>
#include <cstddef>
#include <type_traits>
#include <utility>

namespace trtyolo::cuda {

// Makes a device current for its lifetime; the caller's own one is current again afterwards.
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

// Bytes of the memory objects below that are there and were made under an AccountScope of this. Any thread; it must
// outlive those objects.
struct MemoryAccount {
  std::atomic<std::size_t> device = 0, scratch = 0;
  std::atomic<std::size_t> pinned = 0;  // page-locked host memory
};

// What this thread allocates during its lifetime is counted in the account.
class AccountScope {
 public:
  explicit AccountScope(MemoryAccount& account);
  ~AccountScope();
  AccountScope(const AccountScope&) = delete;
  AccountScope& operator=(const AccountScope&) = delete;

  static MemoryAccount* current();  // of this thread; null outside of all scopes

 private:
  MemoryAccount* before_;
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

// The same for what the host only writes. Write-combined: faster for both, but very slow for the host to read.
template <typename T>
using UploadMemory = Memory<T, detail::allocateUpload, detail::releasePinned, &MemoryAccount::pinned>;

}  // namespace trtyolo::cuda
