// The inner loops of the letterbox, compiled once for every SIMD target. Included by letterbox.cpp only, several times.
//
// Between the two passes of the resize a row is kept as pixels of four 16-bit words (the channels and one unused
// word), first all pixels of even number, then all of odd number. Two vectors from those halves give a run of
// consecutive pixels by operations that stay within a lane, so the order is the same on every target.
#if defined(TRTYOLO_IMAGE_LETTERBOX_ROWS_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef TRTYOLO_IMAGE_LETTERBOX_ROWS_INL_HPP
#undef TRTYOLO_IMAGE_LETTERBOX_ROWS_INL_HPP
#else
#define TRTYOLO_IMAGE_LETTERBOX_ROWS_INL_HPP
#endif

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "hwy/highway.h"
#include "image/letterbox_plan.hpp"

HWY_BEFORE_NAMESPACE();
namespace trtyolo {
namespace HWY_NAMESPACE {

#if HWY_TARGET == HWY_SCALAR

inline void filterColumns(const ColumnPlan& plan, const std::uint8_t* staged, std::uint16_t* row) {
  for (std::size_t slot = 0; slot < plan.slots(); ++slot) {
    const std::uint8_t* taps = staged + slot * kStagedBytes;
    for (std::size_t channel = 0; channel < 3; ++channel) {
      const std::size_t word = slot * kWords + channel;
      const std::size_t tap = plan.channels == 1 ? 0 : channel;
      // The weights are kept times 16.
      const std::uint32_t sum = std::uint32_t{taps[tap]} * plan.weight0[word] +
                                std::uint32_t{taps[tap + static_cast<std::size_t>(plan.channels)]} * plan.weight1[word];
      row[word] = static_cast<std::uint16_t>(sum >> 8);
    }
  }
}

template <bool kNormalize>
void blendRowsAs(const ColumnPlan& plan, const RowBlend& blend, const PlaneRows& planes) {
  for (std::size_t x = 0; x < plan.width; ++x) {
    for (std::size_t channel = 0; channel < 3; ++channel) {
      const std::size_t word = plan.slotOf(x) * kWords + channel;
      const std::uint32_t sum = ((std::uint32_t{blend.row0[word]} * blend.weight0) >> 16) +
                                ((std::uint32_t{blend.row1[word]} * blend.weight1) >> 16);
      float value = static_cast<float>((sum + 2) >> 2) / 255.0f;
      if constexpr (kNormalize) {
        value = (value - planes.mean[channel]) / planes.std[channel];
      }
      planes.rows[channel][x] = value;
    }
  }
}

inline void blendBytes(const ColumnPlan& plan, const RowBlend& blend, std::uint8_t* to) {
  for (std::size_t x = 0; x < plan.width; ++x) {
    for (std::size_t channel = 0; channel < 3; ++channel) {
      const std::size_t word = plan.slotOf(x) * kWords + channel;
      const std::uint32_t sum = ((std::uint32_t{blend.row0[word]} * blend.weight0) >> 16) +
                                ((std::uint32_t{blend.row1[word]} * blend.weight1) >> 16);
      to[x * kWords + channel] = static_cast<std::uint8_t>((sum + 2) >> 2);
    }
  }
}

inline void fillFloats(float* to, std::size_t count, float value) {
  for (std::size_t i = 0; i < count; ++i) {
    to[i] = value;
  }
}

#else  // HWY_TARGET != HWY_SCALAR

namespace hn = hwy::HWY_NAMESPACE;

// At most 64 bytes a vector: the padding of rows (kSlotMultiple) relies on it.
using Bytes = hn::CappedTag<std::uint8_t, 64>;
using Words = hn::Repartition<std::uint16_t, Bytes>;
using DoubleWords = hn::Repartition<std::uint32_t, Bytes>;
using Integers = hn::Repartition<std::int32_t, Bytes>;
using QuadWords = hn::Repartition<std::uint64_t, Bytes>;
using Floats = hn::Repartition<float, Bytes>;

// The horizontal pass: each word becomes (tap0 * weight0 + tap1 * weight1) / 16, rounded down.
inline void filterColumns(const ColumnPlan& plan, const std::uint8_t* HWY_RESTRICT staged,
                          std::uint16_t* HWY_RESTRICT row) {
  const Bytes bytes;
  const Words words;
  const auto index0 = hn::LoadDup128(bytes, plan.tap0.data());
  const auto index1 = hn::LoadDup128(bytes, plan.tap1.data());
  const std::uint16_t* HWY_RESTRICT weights0 = plan.weight0.get();
  const std::uint16_t* HWY_RESTRICT weights1 = plan.weight1.get();
  const std::size_t end = plan.slots() * kWords;
  for (std::size_t i = 0; i < end; i += hn::Lanes(words)) {
    const auto pixels = hn::Load(bytes, staged + i * 2);
    // With the taps times 256 and the weights times 16, the upper half of the 32-bit product is tap * weight / 16
    // rounded down, and the lower half is what that left, times 4096: both remainders together carry 0 or 1.
    const auto tap0 = hn::BitCast(words, hn::TableLookupBytesOr0(pixels, index0));
    const auto tap1 = hn::BitCast(words, hn::TableLookupBytesOr0(pixels, index1));
    const auto weight0 = hn::Load(words, weights0 + i);
    const auto weight1 = hn::Load(words, weights1 + i);
    const auto high = hn::Add(hn::MulHigh(tap0, weight0), hn::MulHigh(tap1, weight1));
    // (AverageRound would spare two shifts, but Highway 1.0's overflows on SVE.)
    const auto half0 = hn::ShiftRight<1>(hn::Mul(tap0, weight0));
    const auto half1 = hn::ShiftRight<1>(hn::Mul(tap1, weight1));
    hn::Store(hn::Add(high, hn::ShiftRight<15>(hn::Add(half0, half1))), words, row + i);
  }
}

// v / 255.f, correctly rounded, for integers v from 0 to 255.
template <class V>
HWY_INLINE V divideBy255(V v) {
  const Floats floats;
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
  return hn::MulAdd(v, hn::Set(floats, kOneBy255High), hn::Mul(v, hn::Set(floats, kOneBy255Low)));
#else
  return hn::Div(v, hn::Set(floats, 255.0f));
#endif
}

template <bool kNormalize, class V>
HWY_INLINE V toNetwork(V value, float mean, float std) {
  const Floats floats;
  const V scaled = divideBy255(value);
  if constexpr (kNormalize) {
    return hn::Div(hn::Sub(scaled, hn::Set(floats, mean)), hn::Set(floats, std));
  } else {
    return scaled;
  }
}

// The vertical pass of one half of a row: words of 8 bits.
template <class V>
HWY_INLINE V blendWords(const std::uint16_t* HWY_RESTRICT row0, const std::uint16_t* HWY_RESTRICT row1, V weight0,
                        V weight1) {
  const Words words;
  const V sum = hn::Add(hn::MulHigh(hn::Load(words, row0), weight0), hn::MulHigh(hn::Load(words, row1), weight1));
  return hn::ShiftRight<2>(hn::Add(sum, hn::Set(words, 2)));
}

// The vertical pass and the conversion to planes of f32.
template <bool kNormalize>
void blendRowsAs(const ColumnPlan& plan, const RowBlend& blend, const PlaneRows& planes) {
  const Words words;
  const DoubleWords doubleWords;
  const QuadWords quadWords;
  const Integers integers;
  const Floats floats;
  const std::size_t lanes = hn::Lanes(floats);
  const auto weight0 = hn::Set(words, blend.weight0);
  const auto weight1 = hn::Set(words, blend.weight1);
  const std::size_t oddWords = plan.half * kWords;
  float* HWY_RESTRICT to0 = planes.rows[0];
  float* HWY_RESTRICT to1 = planes.rows[1];
  float* HWY_RESTRICT to2 = planes.rows[2];

  // As many consecutive pixels as a vector has floats, from pixel x (even) on.
  const auto pixelsFrom = [&](std::size_t x, auto& value0, auto& value1, auto& value2) HWY_ATTR {
    const std::size_t i = x / 2 * kWords;
    const auto even = blendWords(blend.row0 + i, blend.row1 + i, weight0, weight1);
    const auto odd = blendWords(blend.row0 + oddWords + i, blend.row1 + oddWords + i, weight0, weight1);
    // A pixel is the pair of 32-bit lanes (channel 0, channel 1), (channel 2, unused): bring like to like.
    const auto oddShifted = hn::ShiftLeft<32>(hn::BitCast(quadWords, odd));
    const auto evenShifted = hn::ShiftRight<32>(hn::BitCast(quadWords, even));
    const auto channels01 = hn::OddEven(hn::BitCast(doubleWords, oddShifted), hn::BitCast(doubleWords, even));
    const auto channel2 = hn::OddEven(hn::BitCast(doubleWords, odd), hn::BitCast(doubleWords, evenShifted));
    const auto convert = [&](auto value, std::size_t channel) HWY_ATTR {
      return toNetwork<kNormalize>(hn::ConvertTo(floats, hn::BitCast(integers, value)), planes.mean[channel],
                                   planes.std[channel]);
    };
    value0 = convert(hn::And(channels01, hn::Set(doubleWords, 0xFFFF)), 0);
    value1 = convert(hn::ShiftRight<16>(channels01), 1);
    value2 = convert(channel2, 2);
  };

  auto value0 = hn::Zero(floats);
  auto value1 = value0;
  auto value2 = value0;
  std::size_t x = 0;
  for (; x + lanes <= plan.width; x += lanes) {
    pixelsFrom(x, value0, value1, value2);
    hn::StoreU(value0, floats, to0 + x);
    hn::StoreU(value1, floats, to1 + x);
    hn::StoreU(value2, floats, to2 + x);
  }
  if (x < plan.width) {
    pixelsFrom(x, value0, value1, value2);
    HWY_ALIGN std::array<float, 16> rest{};
    const std::size_t size = (plan.width - x) * sizeof(float);
    hn::Store(value0, floats, rest.data());
    std::memcpy(to0 + x, rest.data(), size);
    hn::Store(value1, floats, rest.data());
    std::memcpy(to1 + x, rest.data(), size);
    hn::Store(value2, floats, rest.data());
    std::memcpy(to2 + x, rest.data(), size);
  }
}

// The vertical pass to bytes, four of each pixel. Writes whole vectors.
inline void blendBytes(const ColumnPlan& plan, const RowBlend& blend, std::uint8_t* HWY_RESTRICT to) {
  const Bytes bytes;
  const Words words;
  // A block of 128 bits has two pixels of even number and two of odd number, each byte in the low half of a word.
  alignas(16) static constexpr std::uint8_t kEven[16] = {0, 2,  4,  6,  128, 128, 128, 128,
                                                         8, 10, 12, 14, 128, 128, 128, 128};
  alignas(16) static constexpr std::uint8_t kOdd[16] = {128, 128, 128, 128, 0, 2,  4,  6,
                                                        128, 128, 128, 128, 8, 10, 12, 14};
  const auto toEven = hn::LoadDup128(bytes, kEven), toOdd = hn::LoadDup128(bytes, kOdd);
  const auto weight0 = hn::Set(words, blend.weight0), weight1 = hn::Set(words, blend.weight1);
  const std::size_t oddWords = plan.half * kWords;
  const std::size_t end = (plan.width + 1) / 2 * kWords;
  for (std::size_t i = 0; i < end; i += hn::Lanes(words)) {
    const auto even = blendWords(blend.row0 + i, blend.row1 + i, weight0, weight1);
    const auto odd = blendWords(blend.row0 + oddWords + i, blend.row1 + oddWords + i, weight0, weight1);
    hn::StoreU(hn::Or(hn::TableLookupBytesOr0(hn::BitCast(bytes, even), toEven),
                      hn::TableLookupBytesOr0(hn::BitCast(bytes, odd), toOdd)),
               bytes, to + 2 * i);
  }
}

inline void fillFloats(float* HWY_RESTRICT to, std::size_t count, float value) {
  const Floats floats;
  const std::size_t lanes = hn::Lanes(floats);
  const auto values = hn::Set(floats, value);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    hn::StoreU(values, floats, to + i);
  }
  for (; i < count; ++i) {
    to[i] = value;
  }
}

#endif  // HWY_TARGET

inline void blendRows(const ColumnPlan& plan, const RowBlend& blend, const PlaneRows& planes) {
  (planes.plain ? blendRowsAs<false> : blendRowsAs<true>)(plan, blend, planes);
}

}  // namespace HWY_NAMESPACE
}  // namespace trtyolo
HWY_AFTER_NAMESPACE();

#endif  // TRTYOLO_IMAGE_LETTERBOX_ROWS_INL_HPP
