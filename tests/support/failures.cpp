#include "support/failures.hpp"

#include <dlfcn.h>
#include <link.h>
#include <pthread.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <new>

namespace {

constexpr long kNoLimit = std::numeric_limits<long>::max() / 2;

std::atomic<long> threadsLeft = kNoLimit;
std::atomic<long> allocationsLeftAnywhere = kNoLimit;
std::atomic<long> failuresAfterwards = 0;
std::atomic<bool> noMemoryElsewhere = false;
std::atomic<int> refusalCount = 0;
thread_local bool spared = false;
thread_local int allocationsLeft = -1;  // -1: no limit

// Code that allocations fail for; everybody if there is none.
struct Range {
  std::uintptr_t begin, end;
};
std::array<Range, 16> ranges;
std::atomic<std::size_t> rangeCount = 0;

bool isMeant(const void* caller) {
  const auto address = reinterpret_cast<std::uintptr_t>(caller);
  const std::size_t count = rangeCount;
  bool inside = count == 0;
  for (std::size_t i = 0; i < count; ++i) {
    inside = inside || (address >= ranges[i].begin && address < ranges[i].end);
  }
  return inside;
}

bool mayAllocate() {
  if (allocationsLeftAnywhere.load(std::memory_order_relaxed) != kNoLimit) {
    const long left = allocationsLeftAnywhere--;
    if (left <= 0 && left > -failuresAfterwards) {
      return false;
    }
  }
  if (noMemoryElsewhere.load(std::memory_order_relaxed) && !spared) {
    ++refusalCount;
    return false;
  }
  if (allocationsLeft > 0) {
    --allocationsLeft;
    return true;
  }
  return allocationsLeft < 0;
}

}  // namespace

void* operator new(std::size_t size) {
  const bool may = !isMeant(__builtin_return_address(0)) || mayAllocate();
  void* memory = may ? std::malloc(size ? size : 1) : nullptr;
  if (!memory) {
    throw std::bad_alloc();
  }
  return memory;
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

// Visible, so that the C++ library finds it before the real one.
extern "C" __attribute__((visibility("default"))) int pthread_create(pthread_t* thread,
                                                                     const pthread_attr_t* attributes,
                                                                     void* (*start)(void*), void* with) {
  using Create = int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  static const auto create = reinterpret_cast<Create>(dlsym(RTLD_NEXT, "pthread_create"));
  return threadsLeft != kNoLimit && threadsLeft-- <= 0 ? EAGAIN : create(thread, attributes, start, with);
}

namespace trtyolo::test {

NoThreads::NoThreads(int threads) {
  threadsLeft = threads;
}
NoThreads::~NoThreads() {
  threadsLeft = kNoLimit;
}

NoMemoryElsewhere::NoMemoryElsewhere() {
  refusalCount = 0;
  spared = true;
  noMemoryElsewhere = true;
}
NoMemoryElsewhere::~NoMemoryElsewhere() {
  noMemoryElsewhere = false;
  spared = false;
}
int NoMemoryElsewhere::refusals() const {
  return refusalCount;
}

NoMemoryAfter::NoMemoryAfter(int allocations) {
  allocationsLeft = allocations;
}
NoMemoryAfter::~NoMemoryAfter() {
  allocationsLeft = -1;
}
bool NoMemoryAfter::reached() const {
  return allocationsLeft == 0;
}

void failOnlyIn(const char* library) {
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* wanted) {
        const bool named = std::strstr(info->dlpi_name, static_cast<const char*>(wanted)) != nullptr;
        for (int i = 0; named && i < info->dlpi_phnum && rangeCount < ranges.size(); ++i) {
          const ElfW(Phdr)& part = info->dlpi_phdr[i];
          if (part.p_type == PT_LOAD && (part.p_flags & PF_X) != 0) {
            const std::uintptr_t begin = info->dlpi_addr + part.p_vaddr;
            ranges[rangeCount++] = {begin, begin + part.p_memsz};
          }
        }
        return 0;
      },
      const_cast<char*>(library));
}

FailingAllocations::FailingAllocations(long allocations, long failures) {
  failuresAfterwards = failures;
  allocationsLeftAnywhere = allocations;
}
FailingAllocations::~FailingAllocations() {
  allocationsLeftAnywhere = kNoLimit;
}
bool FailingAllocations::reached() const {
  return allocationsLeftAnywhere < 0;
}

}  // namespace trtyolo::test
