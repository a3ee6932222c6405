#include "model/scaled_rows.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "model/scaled_rows.cpp"
#include "hwy/foreach_target.h"
//
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace trtyolo {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// `work(tag, i)` for all of `count` floats, as many at a time as there are lanes, the last ones by themselves.
template <typename Work>
void forFloats(std::size_t count, const Work& work) {
  const hn::ScalableTag<float> floats;
  std::size_t i = 0;
  for (; i + hn::Lanes(floats) <= count; i += hn::Lanes(floats)) {
    work(floats, i);
  }
  for (; i < count; ++i) {
    work(hn::CappedTag<float, 1>(), i);
  }
}

void scaleRowOf(const float* row, const LinearTaps& taps, float* to) {
  forFloats(taps.size(), [&](auto tag, std::size_t i) {
    const hn::RebindToSigned<decltype(tag)> ints;
    const auto first = hn::GatherIndex(tag, row, hn::LoadU(ints, taps.first.data() + i));
    const auto second = hn::GatherIndex(tag, row, hn::LoadU(ints, taps.second.data() + i));
    hn::StoreU(hn::MulAdd(first, hn::LoadU(tag, taps.weight0.data() + i),
                          hn::Mul(second, hn::LoadU(tag, taps.weight1.data() + i))),
               tag, to + i);
  });
}

void blendRowsOf(const float* first, const float* second, float weight0, float weight1, std::size_t count, float* to) {
  forFloats(count, [&](auto tag, std::size_t i) {
    hn::StoreU(hn::MulAdd(hn::LoadU(tag, first + i), hn::Set(tag, weight0),
                          hn::Mul(hn::LoadU(tag, second + i), hn::Set(tag, weight1))),
               tag, to + i);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace trtyolo
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace trtyolo {

HWY_EXPORT(scaleRowOf);
HWY_EXPORT(blendRowsOf);

LinearTaps::LinearTaps(const ScaledSide& side) {
  for (int pixel = 0; pixel < side.pixels; ++pixel) {
    const LinearTap tap = linearTap(pixel, side);
    first.push_back(tap.first);
    second.push_back(tap.second);
    weight0.push_back(tap.weight0);
    weight1.push_back(tap.weight1);
  }
}

void scaleRow(const float* row, const LinearTaps& taps, float* to) {
  HWY_DYNAMIC_DISPATCH(scaleRowOf)(row, taps, to);
}

void blendRows(const float* first, const float* second, float weight0, float weight1, std::size_t count, float* to) {
  HWY_DYNAMIC_DISPATCH(blendRowsOf)(first, second, weight0, weight1, count, to);
}

}  // namespace trtyolo
#endif
