// Loaded before all other libraries (LD_PRELOAD), this lets allocations and threads fail when Python says so.
#include <optional>

#include "support/failures.hpp"

using namespace trtyolo::test;

namespace {
std::optional<FailingAllocations> allocations;
std::optional<NoThreads> noThreads;
}  // namespace

extern "C" {

void fail_only_in(const char* library) {
  failOnlyIn(library);
}

// From now on one allocation fails, after so many that succeed; a negative number: none.
void fail_allocation(long after) {
  allocations.reset();
  if (after >= 0) {
    allocations.emplace(after, 1);
  }
}

bool allocation_has_failed() {
  return allocations && allocations->reached();
}

// From now on no thread can be created but the first so many; a negative number: all can.
void fail_threads(int after) {
  noThreads.reset();
  if (after >= 0) {
    noThreads.emplace(after);
  }
}
}
