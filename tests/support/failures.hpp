// Machines that have run out: of threads, or of memory in all threads but those that a test spares. Linked into a
// program of its own (failures.cpp replaces operator new and pthread_create).
#pragma once

namespace trtyolo::test {

// While one lives no thread can be created, but for the first `threads`: std::thread throws std::system_error.
class NoThreads {
 public:
  explicit NoThreads(int threads = 0);
  ~NoThreads();
  NoThreads(const NoThreads&) = delete;
  NoThreads& operator=(const NoThreads&) = delete;
};

// While one lives operator new throws std::bad_alloc in every thread but that which made it.
class NoMemoryElsewhere {
 public:
  NoMemoryElsewhere();
  ~NoMemoryElsewhere();
  NoMemoryElsewhere(const NoMemoryElsewhere&) = delete;
  NoMemoryElsewhere& operator=(const NoMemoryElsewhere&) = delete;

  // How often operator new has thrown.
  int refusals() const;
};

// While one lives operator new throws in the thread that made it, but for the first `allocations`.
class NoMemoryAfter {
 public:
  explicit NoMemoryAfter(int allocations);
  ~NoMemoryAfter();
  NoMemoryAfter(const NoMemoryAfter&) = delete;
  NoMemoryAfter& operator=(const NoMemoryAfter&) = delete;

  // Whether it has thrown.
  bool reached() const;
};

// From now on only allocations by code of loaded libraries fail whose path has `library` in it; may be said several
// times. What the library calls, such as OpenVINO, may end the program when an allocation of its own fails.
void failOnlyIn(const char* library);

// While one lives operator new throws in whatever thread, after `allocations` that succeed: `failures` times.
class FailingAllocations {
 public:
  FailingAllocations(long allocations, long failures);
  ~FailingAllocations();
  FailingAllocations(const FailingAllocations&) = delete;
  FailingAllocations& operator=(const FailingAllocations&) = delete;

  // Whether it has thrown.
  bool reached() const;
};

}  // namespace trtyolo::test
