// What memory a GPU had not.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>

namespace trtyolo {

// Allocations that failed, of each thread for itself: calls of several threads use one engine at the same time, and
// none may take another's failure for its own, nor make it forget one.
class RefusedMemory {
 public:
  static void note(std::size_t bytes) noexcept { largest = std::max(largest, bytes); }
  // The largest since this thread's last call of this; 0: none failed.
  static std::size_t take() noexcept { return std::exchange(largest, 0); }

 private:
  static inline thread_local std::size_t largest = 0;
};

}  // namespace trtyolo
