#include "model/mask_rows.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "model/mask_rows.cpp"
#include "hwy/foreach_target.h"
//
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace trtyolo {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

std::size_t edgesOfRow(const GridRows& row, const PixelColumns& pixels, std::int32_t* edges, std::int32_t* columns) {
  const hn::ScalableTag<float> floats;
  const hn::RebindToSigned<decltype(floats)> ints;
  static_assert(hn::MaxLanes(floats) <= kRowPadding);
  const auto up = hn::Set(floats, 1.0F - row.down), down = hn::Set(floats, row.down), zero = hn::Zero(floats);
  const auto half = hn::Set(floats, 0.5F), shift = hn::Set(floats, 0.5F + pixels.origin),
             perCell = hn::Set(floats, pixels.pixelsPerCell);
  const auto leastSure = hn::Set(floats, pixels.doubt), mostSure = hn::Set(floats, 1.0F - pixels.doubt);
  const auto leftmost = hn::Set(ints, pixels.begin), rightmost = hn::Set(ints, pixels.end);
  const auto valueAt = [&](std::size_t x) {
    return hn::Add(hn::Mul(hn::LoadU(floats, row.above + x), up), hn::Mul(hn::LoadU(floats, row.below + x), down));
  };
  std::size_t count = 0;
  for (std::size_t x = 0; x + 1 < row.columns; x += hn::Lanes(floats)) {
    const auto left = valueAt(x), right = valueAt(x + 1);
    const auto changed =
        hn::And(hn::Xor(hn::Gt(left, zero), hn::Gt(right, zero)), hn::FirstN(floats, row.columns - 1 - x));
    if (hn::AllFalse(floats, changed)) {
      continue;
    }
    const auto cell = hn::Iota(floats, pixels.firstCell + static_cast<float>(x));
    // Where the straight line is 0; and one more, so that rounding down gives the first pixel behind that place.
    const auto along = hn::Add(hn::Add(cell, hn::Div(left, hn::Sub(left, right))), half);
    const auto place = hn::Add(hn::Mul(along, perCell), shift);
    const auto begin = hn::Max(hn::LoadU(ints, pixels.first + x), leftmost);
    const auto end = hn::Max(begin, hn::Min(hn::LoadU(ints, pixels.first + x + 1), rightmost));
    const auto pixel = hn::Min(hn::Max(hn::ConvertTo(ints, place), begin), end);
    const auto behind = hn::Sub(place, hn::ConvertTo(floats, pixel));
    const auto sure = hn::RebindMask(ints, hn::And(hn::Ge(behind, leastSure), hn::Le(behind, mostSure)));
    const auto which = hn::RebindMask(ints, changed);
    // Compressed in a register: some processors take long over a compressing store.
    hn::StoreU(hn::Compress(hn::IfThenElse(sure, pixel, hn::Not(pixel)), which), ints, edges + count);
    hn::StoreU(hn::Compress(hn::Iota(ints, static_cast<std::int32_t>(x)), which), ints, columns + count);
    count += hn::CountTrue(ints, which);
  }
  return count;
}

void addWeightedRow(const std::array<const float*, 4>& planes, const std::array<float, 4>& weights, std::size_t count,
                    float* to) {
  const hn::ScalableTag<float> floats;
  const auto add = [&](auto tag, std::size_t i) {
    const auto term = [&](std::size_t plane) {
      return hn::Mul(hn::Set(tag, weights[plane]), hn::LoadU(tag, planes[plane] + i));
    };
    const auto sum = hn::Add(hn::Add(term(0), term(1)), hn::Add(term(2), term(3)));
    hn::StoreU(hn::Add(hn::LoadU(tag, to + i), sum), tag, to + i);
  };
  std::size_t i = 0;
  for (; i + hn::Lanes(floats) <= count; i += hn::Lanes(floats)) {
    add(floats, i);
  }
  for (; i < count; ++i) {
    add(hn::CappedTag<float, 1>(), i);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace trtyolo
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace trtyolo {

HWY_EXPORT(edgesOfRow);
HWY_EXPORT(addWeightedRow);

std::size_t findEdges(const GridRows& row, const PixelColumns& pixels, std::int32_t* edges, std::int32_t* columns) {
  return HWY_DYNAMIC_DISPATCH(edgesOfRow)(row, pixels, edges, columns);
}

void addWeighted(const std::array<const float*, 4>& planes, const std::array<float, 4>& weights, std::size_t count,
                 float* to) {
  HWY_DYNAMIC_DISPATCH(addWeightedRow)(planes, weights, count, to);
}

}  // namespace trtyolo
#endif
