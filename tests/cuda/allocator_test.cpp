// The memory of TensorRT, as its allocator counts it.
#include "runtime/tensorrt/allocator.hpp"

#include <gtest/gtest.h>

#include "cuda/gpu.hpp"
#include "runtime/refused_memory.hpp"

namespace trtyolo::tensorrt {
namespace {

constexpr std::uint64_t kMebibyte = std::uint64_t{1} << 20, kTooMuch = std::uint64_t{1} << 50;

TEST(AllocatorTest, CountsWhatIsTaken) {
  TRTYOLO_NEEDS_GPU();
  CountingAllocator allocator;
  void* const memory = allocator.allocate(kMebibyte, 0, 0);
  EXPECT_NE(memory, nullptr);
  EXPECT_EQ(allocator.bytes(), kMebibyte);
  EXPECT_EQ(RefusedMemory::take(), 0U);
  EXPECT_TRUE(allocator.deallocate(memory));
  EXPECT_EQ(allocator.bytes(), 0U);
}

TEST(AllocatorTest, NotesWhatIsRefused) {
  TRTYOLO_NEEDS_GPU();
  CountingAllocator allocator;
  EXPECT_EQ(allocator.allocate(kTooMuch, 0, 0), nullptr);
  EXPECT_EQ(RefusedMemory::take(), kTooMuch);
}

}  // namespace
}  // namespace trtyolo::tensorrt
