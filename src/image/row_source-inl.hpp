// Conversion of rows, compiled once for every SIMD target. Included by row_source.cpp only, several times.
#if defined(TRTYOLO_IMAGE_ROW_SOURCE_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef TRTYOLO_IMAGE_ROW_SOURCE_INL_HPP
#undef TRTYOLO_IMAGE_ROW_SOURCE_INL_HPP
#else
#define TRTYOLO_IMAGE_ROW_SOURCE_INL_HPP
#endif

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "hwy/highway.h"
#include "image/yuv_row.hpp"

HWY_BEFORE_NAMESPACE();
namespace trtyolo {
namespace HWY_NAMESPACE {

// Pixels `first` to `end` - 1 of a row, four bytes each.
inline void convertYuvPixels(const YuvRow& row, std::size_t first, std::size_t end, const YuvWeights& weights, bool bgr,
                             std::uint8_t* to) {
  for (std::size_t x = first; x < end; ++x) {
    const std::uint32_t pixel = row.pixel(x, weights, bgr);
    std::memcpy(to + 4 * x, &pixel, sizeof pixel);
  }
}

inline void convertGrayPixels(const std::uint8_t* from, std::size_t first, std::size_t end, const GrayWindow& window,
                              std::uint8_t* to) {
  for (std::size_t x = first; x < end; ++x) {
    to[x] = static_cast<std::uint8_t>(window.byteOf(from[2 * x] | static_cast<std::uint32_t>(from[2 * x + 1]) << 8));
  }
}

#if HWY_TARGET == HWY_SCALAR

inline void convertYuvPairs(const YuvRow& row, const YuvWeights& weights, bool bgr, std::uint8_t* to) {
  convertYuvPixels(row, 0, row.width, weights, bgr, to);
}

inline void convertGray(const std::uint8_t* from, std::size_t width, const GrayWindow& window, std::uint8_t* to) {
  convertGrayPixels(from, 0, width, window, to);
}

#else  // HWY_TARGET != HWY_SCALAR

namespace hn = hwy::HWY_NAMESPACE;

// A lane for each pair of pixels, which shares its chroma.
using Pairs = hn::CappedTag<std::int32_t, 16>;
using PairWords = hn::Repartition<std::uint32_t, Pairs>;
using PairValues = hn::Vec<Pairs>;

// As many pairs of bytes as there are lanes: the first one low.
HWY_INLINE hn::Vec<PairWords> loadBytePairs(const std::uint8_t* from) {
  const PairWords words;
  const hn::Rebind<std::uint16_t, PairWords> halves;
  const hn::Repartition<std::uint8_t, decltype(halves)> bytes;
  return hn::PromoteTo(words, hn::BitCast(halves, hn::LoadU(bytes, from)));
}

// Four values of each pair, from the bytes of a whole vector of pairs. (Vectors whose length is not known when this is
// compiled, SVE's, cannot be members of a struct.)
template <PixelFormat kFormat>
HWY_INLINE void loadPairs(const YuvRow& row, std::size_t pair, PairValues& even, PairValues& odd, PairValues& u,
                          PairValues& v) {
  const Pairs values;
  const PairWords words;
  const auto byte = hn::Set(words, 0xFF);
  const auto asValues = [&](auto value) HWY_ATTR { return hn::BitCast(values, value); };
  if constexpr (kFormat == PixelFormat::YUYV) {
    const hn::Repartition<std::uint8_t, PairWords> bytes;
    const auto all = hn::BitCast(words, hn::LoadU(bytes, row.luma + 4 * pair));
    even = asValues(hn::And(all, byte));
    u = asValues(hn::And(hn::ShiftRight<8>(all), byte));
    odd = asValues(hn::And(hn::ShiftRight<16>(all), byte));
    v = asValues(hn::ShiftRight<24>(all));
    return;
  }
  const auto luma = loadBytePairs(row.luma + 2 * pair);
  even = asValues(hn::And(luma, byte));
  odd = asValues(hn::ShiftRight<8>(luma));
  if constexpr (kFormat == PixelFormat::NV12) {
    const auto chroma = loadBytePairs(row.chroma[0] + 2 * pair);
    u = asValues(hn::And(chroma, byte));
    v = asValues(hn::ShiftRight<8>(chroma));
  } else {
    const hn::Rebind<std::uint8_t, Pairs> bytes;
    u = hn::PromoteTo(values, hn::LoadU(bytes, row.chroma[0] + pair));
    v = hn::PromoteTo(values, hn::LoadU(bytes, row.chroma[1] + pair));
  }
}

// pixelOfYuv() of whole vectors.
template <PixelFormat kFormat, bool kBgr>
void convertPairsAs(const YuvRow& row, const YuvWeights& weights, std::uint8_t* HWY_RESTRICT to) {
  const Pairs values;
  const PairWords words;
  const std::size_t lanes = hn::Lanes(values);
  const std::size_t pairs = row.width / 2;
  const auto set = [&](int value) HWY_ATTR { return hn::Set(values, value); };
  const auto black = set(weights.black), luma = set(weights.luma), middle = set(128);
  const auto redV = set(weights.redV), greenU = set(weights.greenU), greenV = set(weights.greenV),
             blueU = set(weights.blueU), half = set(1 << (kYuvShift - 1));
  const auto zero = hn::Zero(values), most = set(255);
  std::size_t pair = pairs < lanes ? pairs : 0;
  while (pair < pairs) {
    pair = std::min(pair, pairs - lanes);  // the last vector may do pixels again
    auto evenLuma = zero, oddLuma = zero, u = zero, v = zero;
    loadPairs<kFormat>(row, pair, evenLuma, oddLuma, u, v);
    u = hn::Sub(u, middle);
    v = hn::Sub(v, middle);
    const auto red = hn::Add(hn::Mul(v, redV), half);
    const auto green = hn::Add(hn::Mul(u, greenU), hn::Add(hn::Mul(v, greenV), half));
    const auto blue = hn::Add(hn::Mul(u, blueU), half);
    const auto pixelsOf = [&](PairValues y) HWY_ATTR {
      const auto above = hn::Mul(hn::Max(hn::Sub(y, black), zero), luma);
      const auto byte = [&](PairValues chroma) HWY_ATTR {
        const auto sum = hn::ShiftRight<kYuvShift>(hn::Add(above, chroma));
        return hn::BitCast(words, hn::Min(hn::Max(sum, zero), most));
      };
      return hn::Or(hn::Or(byte(kBgr ? blue : red), hn::ShiftLeft<8>(byte(green))),
                    hn::ShiftLeft<16>(byte(kBgr ? red : blue)));
    };
    const auto even = pixelsOf(evenLuma), odd = pixelsOf(oddLuma);
    hn::StoreInterleaved2(even, odd, words, reinterpret_cast<std::uint32_t*>(to + 8 * pair));
    pair += lanes;
  }
  convertYuvPixels(row, pairs < lanes ? 0 : 2 * pairs, row.width, weights, kBgr, to);
}

template <PixelFormat kFormat>
void convertPairs(const YuvRow& row, const YuvWeights& weights, bool bgr, std::uint8_t* to) {
  (bgr ? convertPairsAs<kFormat, true> : convertPairsAs<kFormat, false>)(row, weights, to);
}

inline void convertYuvPairs(const YuvRow& row, const YuvWeights& weights, bool bgr, std::uint8_t* to) {
  switch (row.format) {
    case PixelFormat::NV12:
      return convertPairs<PixelFormat::NV12>(row, weights, bgr, to);
    case PixelFormat::I420:
      return convertPairs<PixelFormat::I420>(row, weights, bgr, to);
    default:
      return convertPairs<PixelFormat::YUYV>(row, weights, bgr, to);
  }
}

// GrayWindow::byteOf() of whole vectors.
inline void convertGray(const std::uint8_t* HWY_RESTRICT from, std::size_t width, const GrayWindow& window,
                        std::uint8_t* HWY_RESTRICT to) {
  const Pairs values;
  const PairWords words;
  const hn::Repartition<std::uint64_t, Pairs> products;
  const hn::Rebind<std::uint8_t, Pairs> results;
  const std::size_t lanes = hn::Lanes(values);
  const auto low = hn::Set(values, static_cast<std::int32_t>(window.low));
  const auto span = hn::Set(values, static_cast<std::int32_t>(window.span));
  const auto steps = hn::Set(values, 510);
  const auto multiplier = hn::Set(words, window.multiplier);
  std::size_t x = width < lanes ? width : 0;
  while (x < width) {
    x = std::min(x, width - lanes);  // the last vector may do pixels again
    const auto value = hn::BitCast(values, loadBytePairs(from + 2 * x));
    const auto inside = hn::Min(hn::Sub(hn::Max(value, low), low), span);
    const auto dividend = hn::BitCast(words, hn::Add(hn::Mul(inside, steps), span));
    const auto odd = hn::BitCast(words, hn::ShiftRight<32>(hn::BitCast(products, dividend)));
    const auto quotient = [&](auto of)
                              HWY_ATTR { return hn::ShiftRightSame(hn::MulEven(of, multiplier), window.shift); };
    const auto both = hn::Or(quotient(dividend), hn::ShiftLeft<32>(quotient(odd)));
    hn::StoreU(hn::DemoteTo(results, hn::BitCast(values, both)), results, to + x);
    x += lanes;
  }
  convertGrayPixels(from, width < lanes ? 0 : width, width, window, to);
}

#endif  // HWY_TARGET

}  // namespace HWY_NAMESPACE
}  // namespace trtyolo
HWY_AFTER_NAMESPACE();

#endif  // TRTYOLO_IMAGE_ROW_SOURCE_INL_HPP
