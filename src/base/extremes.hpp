// The smaller, the larger, and what lies between: std::min, std::max and std::clamp, down to what they do with NaN, for
// formulas that kernels share.
#pragma once

#include "base/device_function.hpp"

namespace trtyolo {

template <typename T>
TRTYOLO_DEVICE constexpr T smaller(T a, T b) {
  return b < a ? b : a;
}

template <typename T>
TRTYOLO_DEVICE constexpr T larger(T a, T b) {
  return a < b ? b : a;
}

template <typename T>
TRTYOLO_DEVICE constexpr T clamped(T value, T least, T most) {
  return value < least ? least : most < value ? most : value;
}

}  // namespace trtyolo
