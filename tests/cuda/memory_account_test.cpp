// What memory objects count, on ordinary memory: needs no GPU.
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "cuda/memory.hpp"

namespace trtyolo::cuda {
namespace {

constexpr std::size_t kNoneLeft = 1000;

void* take(std::size_t bytes) {
  return bytes >= kNoneLeft ? throw std::runtime_error("no memory") : std::malloc(bytes);
}

void giveBack(void* memory) noexcept {
  std::free(memory);
}

using Device = Memory<std::uint32_t, take, giveBack, &MemoryAccount::device>;
using Scratch = Memory<std::uint32_t, take, giveBack, &MemoryAccount::scratch>;

TEST(MemoryAccountTest, CountsWhatIsThere) {
  MemoryAccount account;
  {
    const AccountScope scope(account);
    const Device device(10), empty(0);
    const Scratch scratch(3);
    EXPECT_EQ(account.device, 40U);
    EXPECT_EQ(account.scratch, 12U);
    EXPECT_EQ(account.pinned, 0U);
    EXPECT_THROW(Device{kNoneLeft}, std::runtime_error);
    EXPECT_EQ(account.device, 40U);
  }
  EXPECT_EQ(account.device, 0U);
  EXPECT_EQ(account.scratch, 0U);
}

TEST(MemoryAccountTest, CountsGoWithTheMemory) {
  MemoryAccount account;
  Device kept;
  {
    const AccountScope scope(account);
    Device first(10);
    Device second = std::move(first);
    EXPECT_EQ(account.device, 40U);
    second = Device(5);  // the elder one goes
    EXPECT_EQ(account.device, 20U);
    kept = std::move(second);
    std::vector<Device> many(3);
    many[1] = Device(1);
    many.resize(100);
    EXPECT_EQ(account.device, 24U);
  }
  EXPECT_EQ(account.device, 20U);
  // Given back outside of the scope, and by another thread.
  std::thread([&] { kept = {}; }).join();
  EXPECT_EQ(account.device, 0U);
}

TEST(MemoryAccountTest, ScopesAreOfAThreadAndNest) {
  MemoryAccount outer, inner;
  const Device uncounted(10);
  const AccountScope scope(outer);
  const Device of(1);
  {
    const AccountScope nested(inner);
    const Device within(2);
    std::thread([] { const Device elsewhere(7); }).join();
    EXPECT_EQ(inner.device, 8U);
    EXPECT_EQ(outer.device, 4U);
  }
  const Device again(3);
  EXPECT_EQ(inner.device, 0U);
  EXPECT_EQ(outer.device, 16U);
}

}  // namespace
}  // namespace trtyolo::cuda
