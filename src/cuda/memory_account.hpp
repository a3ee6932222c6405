// How much memory is in use, by kind.
#pragma once

#include <atomic>
#include <cstddef>

namespace trtyolo::cuda {

// Bytes of the memory objects (cuda/memory.hpp) that are there and were made under an AccountScope of this. Any thread;
// it must outlive those objects.
struct MemoryAccount {
  std::atomic<std::size_t> device = 0, scratch = 0;
  std::atomic<std::size_t> pinned = 0;  // page-locked host memory
};

// What this thread takes for as long as this lives is counted in the account.
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

}  // namespace trtyolo::cuda
