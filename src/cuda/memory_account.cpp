#include "cuda/memory_account.hpp"

#include <utility>

namespace trtyolo::cuda {
namespace {

thread_local MemoryAccount* accountOfThread = nullptr;

}  // namespace

AccountScope::AccountScope(MemoryAccount& account) : before_(std::exchange(accountOfThread, &account)) {}

AccountScope::~AccountScope() {
  accountOfThread = before_;
}

MemoryAccount* AccountScope::current() {
  return accountOfThread;
}

}  // namespace trtyolo::cuda
