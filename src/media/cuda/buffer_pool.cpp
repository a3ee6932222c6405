#include "media/cuda/buffer_pool.hpp"

#include <map>
#include <mutex>
#include <utility>

#include "cuda/memory.hpp"
#include "image/geometry.hpp"

namespace trtyolo::media {
namespace {

using Buffer = cuda::DeviceMemory<std::uint8_t>;

constexpr std::size_t kGrain = std::size_t{1} << 20;  // sizes are multiples of it, so that buffers fit others' images
constexpr std::size_t kMostIdle = std::size_t{512} << 20;  // bytes that are kept

}  // namespace

struct BufferPool::State {
  const int gpu;
  std::mutex mutex;
  std::multimap<std::size_t, Buffer> idle;
  std::size_t idleBytes = 0;
  bool closed = false;

  explicit State(int number) : gpu(number) {}

  // What goes is released on its GPU, without the lock. A GPU that has failed keeps its memory until the process ends.
  void giveBack(Buffer&& buffer) noexcept {
    try {
      const cuda::DeviceScope scope(gpu);
      const Buffer gone = keep(std::move(buffer));
    } catch (...) {
      static_cast<void>(0);
    }
  }

  // Keeps it, or returns it.
  Buffer keep(Buffer&& buffer) {
    const std::lock_guard lock(mutex);
    if (closed || idleBytes + buffer.bytes() > kMostIdle) {
      return std::move(buffer);
    }
    idleBytes += buffer.bytes();
    idle.emplace(buffer.bytes(), std::move(buffer));
    return {};
  }
};

// A buffer on loan.
class BufferPool::Lease {
 public:
  Lease(std::shared_ptr<State> state, Buffer&& buffer) : state_(std::move(state)), buffer_(std::move(buffer)) {}
  ~Lease() { state_->giveBack(std::move(buffer_)); }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

  std::uint8_t* get() const { return buffer_.get(); }

 private:
  std::shared_ptr<State> state_;
  Buffer buffer_;
};

BufferPool::BufferPool(int gpu) : state_(std::make_shared<State>(gpu)) {}

BufferPool::~BufferPool() {
  std::multimap<std::size_t, Buffer> gone;
  {
    const std::lock_guard lock(state_->mutex);
    state_->closed = true;
    gone.swap(state_->idle);
  }
  try {
    const cuda::DeviceScope scope(state_->gpu);
    gone.clear();
  } catch (...) {
    static_cast<void>(0);
  }
}

std::shared_ptr<std::uint8_t> BufferPool::acquire(std::size_t bytes) {
  const std::size_t wanted = roundUp(bytes, kGrain);
  Buffer buffer;
  {
    const std::lock_guard lock(state_->mutex);
    const auto found = state_->idle.lower_bound(wanted);
    if (found != state_->idle.end() && found->first <= 2 * wanted) {
      buffer = std::move(found->second);
      state_->idleBytes -= found->first;
      state_->idle.erase(found);
    }
  }
  const cuda::DeviceScope scope(state_->gpu);
  if (buffer.size() == 0) {
    buffer = Buffer(wanted);
  }
  auto lease = std::make_shared<Lease>(state_, std::move(buffer));
  return {lease, lease->get()};
}

}  // namespace trtyolo::media
