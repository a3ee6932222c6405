// Floats in 16 bits, as files have them and TensorRT takes weights: IEEE's binary16 (f16) and the upper half of
// binary32 (bf16). Rounded to the nearest, ties to even; too large ones become infinite, which fits() tells beforehand.
#pragma once

#include <bit>
#include <cstdint>

namespace trtyolo {

constexpr std::uint16_t toF16(float value) {
  constexpr std::uint32_t kLeastNormal = 0x38800000, kInfinity = 0x7F800000,
                          kTooLarge = 0x47800000;  // 2^-14, inf, 2^16
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = bits >> 16 & 0x8000U, magnitude = bits & 0x7FFFFFFFU;
  std::uint32_t result = 0x7C00;  // infinity
  if (magnitude > kInfinity) {
    result = 0x7E00U | (magnitude >> 13 & 0x3FFU);
  } else if (magnitude < kLeastNormal) {
    // A multiple of 2^-24: the fraction, with its leading one, is shifted there.
    const std::uint32_t exponent = magnitude >> 23, shift = 126 - exponent;
    if (shift > 24) {
      result = 0;
    } else {
      const std::uint32_t fraction = (magnitude & 0x7FFFFFU) | 0x800000U;
      const std::uint32_t halfway = 1U << (shift - 1), rest = fraction & ((1U << shift) - 1);
      result = fraction >> shift;
      result += rest > halfway || (rest == halfway && (result & 1U) != 0) ? 1U : 0U;
    }
  } else if (magnitude < kTooLarge) {
    const std::uint32_t rebiased = magnitude - (112U << 23);
    result = (rebiased + 0xFFFU + (rebiased >> 13 & 1U)) >> 13;
  }
  return static_cast<std::uint16_t>(sign | result);
}

constexpr std::uint16_t toBf16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if ((bits & 0x7FFFFFFFU) > 0x7F800000U) {
    return static_cast<std::uint16_t>(bits >> 16 | 0x40U);
  }
  return static_cast<std::uint16_t>((bits + 0x7FFFU + (bits >> 16 & 1U)) >> 16);
}

constexpr float fromF16(std::uint16_t value) {
  const std::uint32_t sign = (value & 0x8000U) << 16, exponent = value >> 10 & 0x1FU, fraction = value & 0x3FFU;
  if (exponent == 0) {
    const float magnitude = static_cast<float>(fraction) * 0x1p-24F;
    return sign != 0 ? -magnitude : magnitude;
  }
  const std::uint32_t rebiased = exponent == 0x1FU ? 0xFFU : exponent + 112;
  return std::bit_cast<float>(sign | rebiased << 23 | fraction << 13);
}

constexpr float fromBf16(std::uint16_t value) {
  return std::bit_cast<float>(std::uint32_t{value} << 16);
}

// Whether a value stays what it is but for rounding: does not become infinite nor, unless `mayVanish`, zero.
constexpr bool fits(float value, std::uint16_t converted, std::uint16_t infinity, bool mayVanish) {
  const auto magnitude = static_cast<std::uint16_t>(converted & 0x7FFFU);
  const bool wasInfinite = (std::bit_cast<std::uint32_t>(value) & 0x7FFFFFFFU) == 0x7F800000U;
  return (magnitude != infinity || wasInfinite) && (magnitude != 0 || value == 0 || mayVanish);
}
constexpr bool fitsF16(float value, bool mayVanish) {
  return fits(value, toF16(value), 0x7C00, mayVanish);
}
constexpr bool fitsBf16(float value, bool mayVanish) {
  return fits(value, toBf16(value), 0x7F80, mayVanish);
}

}  // namespace trtyolo
