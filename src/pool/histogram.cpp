#include "pool/histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace trtyolo {
namespace {

constexpr double kNanoseconds = 1e6;  // of a millisecond

}  // namespace

void Histogram::add(double milliseconds) {
  const double duration = std::max(milliseconds, 0.0);
  const double most = static_cast<double>((std::uint64_t{1} << kMostBits) - 1);
  ++counts_[classOf(static_cast<std::uint64_t>(std::min(duration * kNanoseconds, most)))];
  ++count_;
  sum_ += duration;
  max_ = std::max(max_, duration);
}

PoolTimes Histogram::times() const {
  PoolTimes times;
  times.count = count_;
  times.sum = sum_;
  times.max = max_;
  times.median = percentile(50);
  times.p90 = percentile(90);
  times.p95 = percentile(95);
  times.p99 = percentile(99);
  std::uint64_t below = 0;
  std::size_t next = 0;
  for (std::size_t i = 0; i < times.below.size(); ++i) {
    for (const std::size_t end = classOf(std::uint64_t{1} << (kFirstBound + i)); next < end; ++next) {
      below += counts_[next];
    }
    times.below[i] = below;
  }
  return times;
}

// Below 32 each nanosecond has a class; above, the bits behind the first one choose among 32.
std::size_t Histogram::classOf(std::uint64_t nanoseconds) {
  const auto bits = static_cast<unsigned>(std::bit_width(nanoseconds));
  if (bits <= kFineBits) {
    return static_cast<std::size_t>(nanoseconds);
  }
  const unsigned shift = bits - 1 - kFineBits;
  return (static_cast<std::size_t>(shift) << kFineBits) + static_cast<std::size_t>(nanoseconds >> shift);
}

double Histogram::middleOf(std::size_t index) {
  constexpr std::size_t kFine = std::size_t{1} << kFineBits;
  if (index < kFine) {
    return static_cast<double>(index) / kNanoseconds;
  }
  const std::size_t shift = index / kFine - 1;
  const double middle = static_cast<double>(index - shift * kFine) + 0.5;
  return std::ldexp(middle, static_cast<int>(shift)) / kNanoseconds;
}

double Histogram::percentile(double percent) const {
  const auto rank = static_cast<std::uint64_t>(std::ceil(percent / 100 * static_cast<double>(count_)));
  std::uint64_t passed = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    passed += counts_[i];
    if (passed >= rank && passed > 0) {
      return std::min(middleOf(i), max_);
    }
  }
  return 0;
}

}  // namespace trtyolo
