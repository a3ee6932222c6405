// Memory of a GPU for decoded images, used again and again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace trtyolo::media {

// Any thread. Buffers may outlive the pool.
class BufferPool {
 public:
  explicit BufferPool(int gpu);
  ~BufferPool();
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;

  // At least so many bytes; given back to the pool when the last share goes. Throws DeviceError.
  std::shared_ptr<std::uint8_t> acquire(std::size_t bytes);

 private:
  struct State;  // shared with the buffers
  class Lease;

  std::shared_ptr<State> state_;
};

}  // namespace trtyolo::media
