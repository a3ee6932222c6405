// How long things took, in bounded memory.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "trtyolo/pool.hpp"

namespace trtyolo {

// Counts durations in classes of 1/32 of a power of two of nanoseconds. One thread at a time.
class Histogram {
 public:
  // A negative duration counts as none.
  void add(double milliseconds);

  PoolTimes times() const;

 private:
  static constexpr unsigned kFineBits = 5;     // 32 classes from each power of two to the next
  static constexpr unsigned kMostBits = 38;    // 2^38 ns are 275 s; what lasts longer is in the last class
  static constexpr unsigned kFirstBound = 16;  // PoolTimes::below begins at 2^16 ns
  static constexpr std::size_t kClasses = (kMostBits - kFineBits + 1) << kFineBits;

  static std::size_t classOf(std::uint64_t nanoseconds);
  static double middleOf(std::size_t index);  // milliseconds
  double percentile(double percent) const;

  std::array<std::uint64_t, kClasses> counts_{};
  std::uint64_t count_ = 0;
  double sum_ = 0, max_ = 0;  // milliseconds
};

}  // namespace trtyolo
