// e to the power of a number in f32, the same to the last bit on every device: only additions, multiplications and a
// rounding, none of which may be fused.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

#include "base/device_function.hpp"

namespace trtyolo {

// Within some units in the last place of e^x from -87.3 to 88; 0 below, infinity above, NaN of NaN. Reduced to |r| <=
// ln(2) / 2 with ln(2) in two parts (Cody and Waite), then the minimax polynomial of Cephes' expf.
TRTYOLO_DEVICE inline float exponential(float x) {
  constexpr float kLeast = -87.3F, kMost = 88.0F, kLog2E = 1.44269504088896341F;
  constexpr float kLn2High = 0.693359375F, kLn2Low = -2.12194440e-4F;
  constexpr int kBias = 127, kFractionBits = 23;
  if (!(x >= kLeast)) {
    return x == x ? 0.0F : x;
  }
  if (x > kMost) {
    return HUGE_VALF;
  }
  const float power = std::floor(x * kLog2E + 0.5F);
  const float r = (x - power * kLn2High) - power * kLn2Low;
  float series = 1.9875691500e-4F;
  series = series * r + 1.3981999507e-3F;
  series = series * r + 8.3334519073e-3F;
  series = series * r + 4.1665795894e-2F;
  series = series * r + 1.6666665459e-1F;
  series = series * r + 5.0000001201e-1F;
  const float value = (series * (r * r) + r) + 1.0F;
  const auto exponent = static_cast<std::uint32_t>(static_cast<int>(power) + kBias) << kFractionBits;
#if defined(__CUDA_ARCH__)
  return value * __uint_as_float(exponent);
#else
  return value * std::bit_cast<float>(exponent);
#endif
}

// 1 / (1 + e^-x).
TRTYOLO_DEVICE inline float sigmoid(float x) {
  return 1.0F / (1.0F + exponential(-x));
}

}  // namespace trtyolo
