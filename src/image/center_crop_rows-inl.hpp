// The inner loops of the center crop, compiled once for every SIMD target. Included by center_crop.cpp only, several
// times.
//
// All sums are of integers and exact, so their order does not matter.
#if defined(TRTYOLO_IMAGE_CENTER_CROP_ROWS_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef TRTYOLO_IMAGE_CENTER_CROP_ROWS_INL_HPP
#undef TRTYOLO_IMAGE_CENTER_CROP_ROWS_INL_HPP
#else
#define TRTYOLO_IMAGE_CENTER_CROP_ROWS_INL_HPP
#endif

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "hwy/highway.h"
#include "image/center_crop_plan.hpp"

HWY_BEFORE_NAMESPACE();
namespace trtyolo {
namespace HWY_NAMESPACE {

// The vertical pass, byte by byte.
inline void blendCropBytes(const std::uint8_t* const* rows, const std::int32_t* weights, std::size_t count,
                           std::size_t bytes, std::uint8_t* blended) {
  for (std::size_t i = 0; i < bytes; ++i) {
    std::uint32_t sum = kCropHalf;
    for (std::size_t row = 0; row < count; ++row) {
      sum += rows[row][i] * static_cast<std::uint32_t>(weights[row]);
    }
    blended[i] = toCropByte(sum);
  }
}

#if HWY_TARGET == HWY_SCALAR

inline void filterCropColumns(const CropColumns& plan, const CropSources& sources) {
  for (std::size_t row = 0; row < kCropRows; ++row) {
    std::uint8_t* to = sources.filtered[row];
    for (std::size_t x = 0; x < plan.width; ++x, to += kCropPixel) {
      const std::uint8_t* from = x < plan.whole ? sources.rows[row] + plan.offsets[x]
                                                : sources.tails[row] + (plan.offsets[x] - plan.tailStart);
      std::array<std::uint32_t, 3> sums;
      sums.fill(kCropHalf);
      for (std::size_t group = 0; group < plan.groups; ++group) {
        const std::uint32_t* const weights = plan.weights.get() + (x * plan.groups + group) * 4;
        for (std::size_t tap = 0; tap < kCropTaps; ++tap, from += plan.channels) {
          const std::size_t shift = tap % 2 * 16;
          const std::uint32_t low = (weights[tap / 2] >> shift) & 0xFFFF;
          const std::uint32_t high = (weights[2 + tap / 2] >> shift) & 0xFFFF;
          for (std::size_t channel = 0; channel < 3; ++channel) {
            sums[channel] += from[plan.channels == 1 ? 0 : channel] * ((high << kCropLowBits) + low);
          }
        }
      }
      for (std::size_t channel = 0; channel < 3; ++channel) {
        to[channel] = toCropByte(sums[channel]);
      }
    }
  }
}

inline void blendCropRows(const std::uint8_t* const* rows, const std::int32_t* weights, std::size_t count,
                          std::size_t bytes, std::uint8_t* blended) {
  blendCropBytes(rows, weights, count, bytes, blended);
}

template <bool kNormalize>
void convertCropRowAs(const std::uint8_t* blended, std::size_t width, const PlaneRows& planes) {
  for (std::size_t x = 0; x < width; ++x) {
    for (std::size_t channel = 0; channel < 3; ++channel) {
      float value = static_cast<float>(blended[x * kCropPixel + channel]) / 255.0f;
      if constexpr (kNormalize) {
        value = (value - planes.mean[channel]) / planes.std[channel];
      }
      planes.rows[channel][x] = value;
    }
  }
}

#else  // HWY_TARGET != HWY_SCALAR

namespace hn = hwy::HWY_NAMESPACE;

// The horizontal pass works on blocks of 128 bits: one pixel of one row as four 32-bit sums. Where vectors are longer,
// two rows are two blocks.
#if HWY_MAX_BYTES >= 32 && !HWY_HAVE_SCALABLE
inline constexpr std::size_t kCropBlocks = 2;
#else
inline constexpr std::size_t kCropBlocks = 1;
#endif
static_assert(kCropRows % kCropBlocks == 0);

using CropBlock = hn::FixedTag<std::uint8_t, 16>;
using CropBytes = hn::FixedTag<std::uint8_t, 16 * kCropBlocks>;
using CropWords = hn::Repartition<std::int16_t, CropBytes>;
using CropSums = hn::Repartition<std::int32_t, CropBytes>;
using CropWeights = hn::Repartition<std::uint32_t, CropBytes>;
using CropResults = hn::Rebind<std::uint8_t, CropSums>;

// Sixteen bytes of each of as many rows as there are blocks.
HWY_INLINE hn::Vec<CropBytes> loadCropRows(const std::array<const std::uint8_t*, kCropBlocks>& from, std::size_t at) {
  const CropBlock block;
#if HWY_MAX_BYTES >= 32 && !HWY_HAVE_SCALABLE
  return hn::Combine(CropBytes(), hn::LoadU(block, from[1] + at), hn::LoadU(block, from[0] + at));
#else
  return hn::LoadU(block, from[0] + at);
#endif
}

// Columns begin to end - 1 of as many rows as there are blocks; `from` is what lies at `start` of each row.
inline void filterCropSpan(const CropColumns& plan, std::size_t begin, std::size_t end, std::size_t start,
                           const std::array<const std::uint8_t*, kCropBlocks>& from,
                           const std::array<std::uint8_t*, kCropBlocks>& to) {
  const CropBytes bytes;
  const CropWords words;
  const CropSums sums;
  const CropWeights pairs;
  const CropResults results;
  const auto taps01 = hn::LoadDup128(bytes, plan.taps01.data());
  const auto taps23 = hn::LoadDup128(bytes, plan.taps23.data());
  const auto half = hn::Set(sums, static_cast<std::int32_t>(kCropHalf));
  const std::size_t groups = plan.groups;
  const std::size_t step = kCropTaps * plan.channels;
  const std::uint32_t* weights = plan.weights.get() + begin * groups * 4;
  for (std::size_t x = begin; x < end; ++x) {
    std::size_t at = plan.offsets[x] - start;
    // A weight has more bits than the 16-bit multiplication takes: one sum for each of its two digits. Highway leaves
    // it to the target where the products of a pair are collected; RearrangeToOddPlusEven brings them together, and
    // what is added once to each sum is added behind that (NEON's would have it twice, or not at all).
    auto low = hn::Zero(sums);
    auto lowRest = hn::Zero(sums);
    auto high = hn::Zero(sums);
    auto highRest = hn::Zero(sums);
    for (std::size_t group = 0; group < groups; ++group, at += step, weights += 4) {
      const auto pixels = loadCropRows(from, at);
      const auto pixels01 = hn::BitCast(words, hn::TableLookupBytesOr0(pixels, taps01));
      const auto pixels23 = hn::BitCast(words, hn::TableLookupBytesOr0(pixels, taps23));
      const auto weight = [&](std::size_t i) HWY_ATTR { return hn::BitCast(words, hn::Set(pairs, weights[i])); };
      low = hn::ReorderWidenMulAccumulate(sums, pixels01, weight(0), low, lowRest);
      low = hn::ReorderWidenMulAccumulate(sums, pixels23, weight(1), low, lowRest);
      high = hn::ReorderWidenMulAccumulate(sums, pixels01, weight(2), high, highRest);
      high = hn::ReorderWidenMulAccumulate(sums, pixels23, weight(3), high, highRest);
    }
    const auto sum = hn::Add(hn::Add(hn::RearrangeToOddPlusEven(low, lowRest), half),
                             hn::ShiftLeft<kCropLowBits>(hn::RearrangeToOddPlusEven(high, highRest)));
    std::array<std::uint8_t, kCropPixel * kCropBlocks> pixel;
    hn::StoreU(hn::DemoteTo(results, hn::ShiftRight<kCropWeightBits>(sum)), results, pixel.data());
    for (std::size_t row = 0; row < kCropBlocks; ++row) {
      std::memcpy(to[row] + x * kCropPixel, pixel.data() + row * kCropPixel, kCropPixel);
    }
  }
}

// The horizontal pass of kCropRows rows.
inline void filterCropColumns(const CropColumns& plan, const CropSources& sources) {
  for (std::size_t first = 0; first < kCropRows; first += kCropBlocks) {
    std::array<const std::uint8_t*, kCropBlocks> rows;
    std::array<const std::uint8_t*, kCropBlocks> tails;
    std::array<std::uint8_t*, kCropBlocks> filtered;
    std::copy_n(sources.rows.begin() + first, kCropBlocks, rows.begin());
    std::copy_n(sources.tails.begin() + first, kCropBlocks, tails.begin());
    std::copy_n(sources.filtered.begin() + first, kCropBlocks, filtered.begin());
    filterCropSpan(plan, 0, plan.whole, 0, rows, filtered);
    filterCropSpan(plan, plan.whole, plan.width, plan.tailStart, tails, filtered);
  }
}

// The vertical pass: as many bytes of the weighted sum of rows.
inline void blendCropRows(const std::uint8_t* const* rows, const std::int32_t* HWY_RESTRICT weights, std::size_t count,
                          std::size_t bytes, std::uint8_t* HWY_RESTRICT blended) {
  // Four vectors at a time, which share the loading of a weight: kCropMultiple bytes at most.
  const hn::CappedTag<std::int32_t, kCropMultiple / 4> sums;
  const hn::Rebind<std::uint8_t, decltype(sums)> results;
  const std::size_t lanes = hn::Lanes(sums);
  const auto half = hn::Set(sums, static_cast<std::int32_t>(kCropHalf));
  const std::size_t step = 4 * lanes;
  if (bytes < step) {
    blendCropBytes(rows, weights, count, bytes, blended);
    return;
  }
  for (std::size_t next = 0; next < bytes; next += step) {
    const std::size_t i = std::min(next, bytes - step);  // the last step may do bytes again, but never reads past a row
    auto sum0 = half;
    auto sum1 = half;
    auto sum2 = half;
    auto sum3 = half;
    for (std::size_t row = 0; row < count; ++row) {
      const auto weight = hn::Set(sums, weights[row]);
      const std::uint8_t* const from = rows[row] + i;
      const auto product = [&](std::size_t vector) HWY_ATTR {
        return hn::Mul(hn::PromoteTo(sums, hn::LoadU(results, from + vector * lanes)), weight);
      };
      sum0 = hn::Add(sum0, product(0));
      sum1 = hn::Add(sum1, product(1));
      sum2 = hn::Add(sum2, product(2));
      sum3 = hn::Add(sum3, product(3));
    }
    const auto store = [&](auto sum, std::size_t vector) HWY_ATTR {
      hn::StoreU(hn::DemoteTo(results, hn::ShiftRight<kCropWeightBits>(sum)), results, blended + i + vector * lanes);
    };
    store(sum0, 0);
    store(sum1, 1);
    store(sum2, 2);
    store(sum3, 3);
  }
}

// Pixels of kCropPixel bytes, padded to kCropMultiple, to planes of f32.
template <bool kNormalize>
void convertCropRowAs(const std::uint8_t* HWY_RESTRICT blended, std::size_t width, const PlaneRows& planes) {
  const hn::CappedTag<float, kCropMultiple / 4> floats;
  const hn::Repartition<std::uint8_t, decltype(floats)> bytes;
  const hn::Rebind<std::uint32_t, decltype(floats)> pixels;
  const hn::Rebind<std::int32_t, decltype(floats)> integers;
  const std::size_t lanes = hn::Lanes(floats);
  const auto convert = [&](auto value, [[maybe_unused]] std::size_t channel) HWY_ATTR {
    const auto byte = hn::And(value, hn::Set(pixels, 0xFF));
    const auto scaled = hn::Div(hn::ConvertTo(floats, hn::BitCast(integers, byte)), hn::Set(floats, 255.0f));
    if constexpr (kNormalize) {
      return hn::Div(hn::Sub(scaled, hn::Set(floats, planes.mean[channel])), hn::Set(floats, planes.std[channel]));
    } else {
      return scaled;
    }
  };
  const auto pixelsFrom = [&](std::size_t x)
                              HWY_ATTR { return hn::BitCast(pixels, hn::Load(bytes, blended + x * kCropPixel)); };
  std::size_t x = 0;
  for (; x + lanes <= width; x += lanes) {
    const auto values = pixelsFrom(x);  // Highway's targets are little-endian: channel 0 is the lowest byte
    hn::StoreU(convert(values, 0), floats, planes.rows[0] + x);
    hn::StoreU(convert(hn::ShiftRight<8>(values), 1), floats, planes.rows[1] + x);
    hn::StoreU(convert(hn::ShiftRight<16>(values), 2), floats, planes.rows[2] + x);
  }
  if (x < width) {
    const auto values = pixelsFrom(x);
    HWY_ALIGN std::array<float, kCropMultiple / 4> rest{};
    const std::size_t size = (width - x) * sizeof(float);
    hn::Store(convert(values, 0), floats, rest.data());
    std::memcpy(planes.rows[0] + x, rest.data(), size);
    hn::Store(convert(hn::ShiftRight<8>(values), 1), floats, rest.data());
    std::memcpy(planes.rows[1] + x, rest.data(), size);
    hn::Store(convert(hn::ShiftRight<16>(values), 2), floats, rest.data());
    std::memcpy(planes.rows[2] + x, rest.data(), size);
  }
}

#endif  // HWY_TARGET

inline void convertCropRow(const std::uint8_t* blended, std::size_t width, const PlaneRows& planes) {
  (planes.plain ? convertCropRowAs<false> : convertCropRowAs<true>)(blended, width, planes);
}

}  // namespace HWY_NAMESPACE
}  // namespace trtyolo
HWY_AFTER_NAMESPACE();

#endif  // TRTYOLO_IMAGE_CENTER_CROP_ROWS_INL_HPP
