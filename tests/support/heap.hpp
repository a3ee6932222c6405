// What the program has of the heap.
#pragma once

#include <cstddef>

#if __has_include(<malloc.h>)
#include <malloc.h>
#endif

namespace trtyolo::test {

// Bytes that were allocated and not freed; 0 where that cannot be told: without glibc 2.33, under sanitizers.
inline std::size_t bytesInUse() {
#if defined(__GLIBC_PREREQ)
#if __GLIBC_PREREQ(2, 33)
  return mallinfo2().uordblks;
#endif
#endif
  return 0;
}

}  // namespace trtyolo::test
