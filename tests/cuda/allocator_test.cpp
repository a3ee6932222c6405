// The memory of TensorRT, as its allocator counts it.
#include "runtime/tensorrt/allocator.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "cuda/gpu.hpp"

namespace trtyolo::tensorrt {
namespace {

constexpr std::uint64_t kMebibyte = std::uint64_t{1} << 20, kTooMuch = std::uint64_t{1} << 50;

TEST(AllocatorTest, CountsWhatIsTaken) {
  TRTYOLO_NEEDS_GPU();
  CountingAllocator allocator;
  void* const memory = allocator.allocate(kMebibyte, 0, 0);
  EXPECT_NE(memory, nullptr);
  EXPECT_EQ(allocator.bytes(), kMebibyte);
  EXPECT_EQ(CountingAllocator::takeRefused(), 0U);
  EXPECT_TRUE(allocator.deallocate(memory));
  EXPECT_EQ(allocator.bytes(), 0U);
}

// The calls of several clones run side by side: none may take another's failure for its own, nor make it forget one.
TEST(AllocatorTest, EachThreadKnowsWhatItWasRefused) {
  TRTYOLO_NEEDS_GPU();
  CountingAllocator allocator;
  EXPECT_EQ(allocator.allocate(kTooMuch, 0, 0), nullptr);
  std::thread([&] { EXPECT_EQ(CountingAllocator::takeRefused(), 0U); }).join();
  EXPECT_EQ(CountingAllocator::takeRefused(), kTooMuch);
  EXPECT_EQ(CountingAllocator::takeRefused(), 0U);
}

}  // namespace
}  // namespace trtyolo::tensorrt
