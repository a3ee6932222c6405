#include "trtyolo/pinned_buffer.hpp"

#include <new>
#include <stdexcept>

#include "runtime/backends.hpp"

namespace trtyolo {
namespace {

constexpr std::align_val_t kAlignment{64};

}  // namespace

PinnedBuffer::PinnedBuffer(std::size_t bytes) : size_(bytes) {
  if (bytes == 0) {
    throw std::invalid_argument("PinnedBuffer: 0 bytes were asked for; at least 1 is needed");
  }
  for (const BackendEntry& backend : backendTable()) {
    if (backend.pinned && backend.whyNotUsable().empty()) {
      memory_ = backend.pinned(bytes);
      pageLocked_ = true;
      return;
    }
  }
  memory_ = {operator new(bytes, kAlignment), [](void* memory) { operator delete(memory, kAlignment); }};
}

}  // namespace trtyolo
