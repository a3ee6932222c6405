// Random numbers that are the same on every machine; the distributions of <random> are not.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

namespace trtyolo::test {

// SplitMix64, which image/center_crop_reference.py has too.
class Random {
 public:
  using result_type = std::uint64_t;
  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return std::numeric_limits<result_type>::max(); }

  explicit Random(std::uint64_t seed) : state_(seed) {}

  result_type operator()() {
    state_ += 0x9E3779B97F4A7C15u;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }

  int between(int lowest, int highest) {
    return lowest + static_cast<int>((*this)() % static_cast<std::uint64_t>(highest - lowest + 1));
  }

 private:
  std::uint64_t state_;
};

// From 1 to `highest`, small numbers as often as large ones.
template <typename Generator>
int magnitude(Generator& random, int highest) {
  const double share = static_cast<double>(random()) / (static_cast<double>(Generator::max()) + 1.0);
  return std::clamp(static_cast<int>(std::pow(highest + 1.0, share)), 1, highest);
}

}  // namespace trtyolo::test
