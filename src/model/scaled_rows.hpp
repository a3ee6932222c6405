// The inner loops of scaling, compiled for every SIMD target. On processors without fused multiplication and addition
// (x86 before AVX2) the last bit may differ from blended().
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "image/interpolation.hpp"

namespace trtyolo {

// The taps of all pixels of a row.
struct LinearTaps {
  std::vector<std::int32_t> first, second;
  std::vector<float> weight0, weight1;

  explicit LinearTaps(const ScaledSide& side);
  std::size_t size() const { return first.size(); }
};

// to[i] = blended(row[first[i]], row[second[i]], weight0[i], weight1[i]).
void scaleRow(const float* row, const LinearTaps& taps, float* to);

// to[i] = blended(first[i], second[i], weight0, weight1).
void blendRows(const float* first, const float* second, float weight0, float weight1, std::size_t count, float* to);

}  // namespace trtyolo
