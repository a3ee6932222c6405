// Rounding to f16 and bf16, over all halves and what lies between them.
#include "base/half_values.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace trtyolo {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();

// The value of a finite f16, from what its bits mean.
double meaningOfF16(unsigned bits) {
  const int exponent = static_cast<int>(bits >> 10 & 0x1FU), fraction = static_cast<int>(bits & 0x3FFU);
  const double magnitude = exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(fraction + 1024, exponent - 25);
  return (bits & 0x8000U) != 0 ? -magnitude : magnitude;
}

TEST(HalfValuesTest, EveryF16MeansWhatItsBitsSayAndComesBack) {
  for (unsigned bits = 0; bits < 0x10000U; ++bits) {
    const float value = fromF16(static_cast<std::uint16_t>(bits));
    if ((bits & 0x7FFFU) > 0x7C00U) {
      EXPECT_TRUE(std::isnan(value)) << bits;
      EXPECT_EQ(toF16(value), bits | 0x200U);
      continue;
    }
    if ((bits & 0x7FFFU) == 0x7C00U) {
      EXPECT_EQ(value, bits == 0x7C00U ? kInf : -kInf);
    } else {
      ASSERT_EQ(value, meaningOfF16(bits)) << bits;
      ASSERT_EQ(std::signbit(value), (bits & 0x8000U) != 0) << bits;
    }
    ASSERT_EQ(toF16(value), bits);
  }
}

TEST(HalfValuesTest, BetweenTwoF16TheNearerOneIsTaken) {
  for (unsigned bits = 0; bits < 0x7BFFU; ++bits) {
    const float low = fromF16(static_cast<std::uint16_t>(bits)), high = fromF16(static_cast<std::uint16_t>(bits + 1));
    const float middle = (low + high) / 2;  // exact in f32
    const unsigned even = bits + (bits & 1U);
    for (const unsigned sign : {0U, 0x8000U}) {
      const float factor = sign != 0 ? -1.0F : 1.0F;
      ASSERT_EQ(toF16(factor * middle), even | sign) << bits;
      ASSERT_EQ(toF16(factor * std::nextafter(middle, low)), bits | sign) << bits;
      ASSERT_EQ(toF16(factor * std::nextafter(middle, high)), (bits + 1) | sign) << bits;
      ASSERT_EQ(toF16(factor * std::nextafter(low, high)), bits | sign) << bits;
      ASSERT_EQ(toF16(factor * std::nextafter(high, low)), (bits + 1) | sign) << bits;
    }
  }
}

TEST(HalfValuesTest, BeyondF16) {
  EXPECT_EQ(toF16(65504.0F), 0x7BFF);
  EXPECT_EQ(toF16(std::nextafter(65520.0F, 0.0F)), 0x7BFF);
  EXPECT_EQ(toF16(65520.0F), 0x7C00);
  EXPECT_EQ(toF16(-1e6F), 0xFC00);
  EXPECT_EQ(toF16(std::numeric_limits<float>::max()), 0x7C00);
  EXPECT_EQ(toF16(0x1p-25F), 0);
  EXPECT_EQ(toF16(std::nextafter(0x1p-25F, 1.0F)), 1);
  EXPECT_EQ(toF16(-std::numeric_limits<float>::denorm_min()), 0x8000);
  EXPECT_TRUE(std::isnan(fromF16(toF16(std::numeric_limits<float>::quiet_NaN()))));
  EXPECT_TRUE(std::isnan(fromF16(toF16(std::bit_cast<float>(0x7F800001U)))));
}

TEST(HalfValuesTest, EveryBf16ComesBackAndTheNearerOneIsTaken) {
  for (unsigned bits = 0; bits < 0x10000U; ++bits) {
    const float value = fromBf16(static_cast<std::uint16_t>(bits));
    if (std::isnan(value)) {
      EXPECT_EQ(toBf16(value), bits | 0x40U);
      continue;
    }
    ASSERT_EQ(toBf16(value), bits);
    if ((bits & 0x7FFFU) < 0x7F80U) {
      const std::uint32_t middle = bits << 16 | 0x8000U;
      ASSERT_EQ(toBf16(std::bit_cast<float>(middle)), bits + (bits & 1U)) << bits;
      ASSERT_EQ(toBf16(std::bit_cast<float>(middle - 1)), bits) << bits;
      ASSERT_EQ(toBf16(std::bit_cast<float>(middle + 1)), bits + 1) << bits;
    }
  }
  EXPECT_EQ(toBf16(std::numeric_limits<float>::max()), 0x7F80);
  EXPECT_TRUE(std::isnan(fromBf16(toBf16(std::bit_cast<float>(0x7F800001U)))));
}

TEST(HalfValuesTest, WhatFits) {
  for (const bool mayVanish : {false, true}) {
    EXPECT_TRUE(fitsF16(0, mayVanish));
    EXPECT_TRUE(fitsF16(-65504, mayVanish));
    EXPECT_FALSE(fitsF16(65520, mayVanish));
    EXPECT_FALSE(fitsF16(-1e9F, mayVanish));
    EXPECT_TRUE(fitsF16(-kInf, mayVanish));
    EXPECT_EQ(fitsF16(1e-9F, mayVanish), mayVanish);
    EXPECT_TRUE(fitsBf16(1e9F, mayVanish));
    EXPECT_TRUE(fitsBf16(1e-9F, mayVanish));
    EXPECT_FALSE(fitsBf16(std::numeric_limits<float>::max(), mayVanish));
  }
}

}  // namespace
}  // namespace trtyolo
