// Allocations that failed, of each thread for itself.
#include "runtime/refused_memory.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace trtyolo {
namespace {

TEST(RefusedMemoryTest, IsTheLargestSinceItWasAskedFor) {
  RefusedMemory::take();
  EXPECT_EQ(RefusedMemory::take(), 0U);
  for (const std::size_t bytes : {20U, 30U, 10U}) {
    RefusedMemory::note(bytes);
  }
  EXPECT_EQ(RefusedMemory::take(), 30U);
  EXPECT_EQ(RefusedMemory::take(), 0U);
}

TEST(RefusedMemoryTest, IsOfOneThread) {
  RefusedMemory::take();
  RefusedMemory::note(20);
  std::thread([] {
    EXPECT_EQ(RefusedMemory::take(), 0U);  // which would be taken for a failure of this thread's
    RefusedMemory::note(30);
  }).join();
  EXPECT_EQ(RefusedMemory::take(), 20U);
}

}  // namespace
}  // namespace trtyolo
