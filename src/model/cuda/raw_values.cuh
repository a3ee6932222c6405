// How kernels read what the last convolutions of a network give.
#pragma once

#include <cuda_fp16.h>
#include <cuda_runtime.h>

#include "model/cuda/raw_grids.hpp"

namespace trtyolo::cuda {

// An anchor among those of all grids.
struct RawAnchor {
  std::uint32_t level, cell, which;  // which of its cell's
};

__device__ inline RawAnchor rawAnchorOf(const RawGrids& grids, std::uint32_t anchor) {
  std::uint32_t level = 0;
  while (level + 1 < grids.count && anchor >= grids.levels[level + 1].first) {
    ++level;
  }
  const std::uint32_t place = anchor - grids.levels[level].first, cells = grids.levels[level].cells;
  return {level, place % cells, place / cells};
}

__device__ inline RawCell rawCellOf(const RawGrids& grids, const RawAnchor& anchor) {
  const RawGridLevel& level = grids.levels[anchor.level];
  return {static_cast<float>(anchor.cell % level.columns), static_cast<float>(anchor.cell / level.columns),
          level.stride, level.anchors[anchor.which][0], level.anchors[anchor.which][1]};
}

// Of values that are f32 or f16.
__device__ inline float elementOf(const void* data, ValueType type, std::size_t index) {
  return type == ValueType::F16 ? __half2float(static_cast<const __half*>(data)[index])
                                : static_cast<const float*>(data)[index];
}

// Value `channel` of a cell.
__device__ inline float elementOf(const RawTensor& tensor, ValueType type, unsigned slot, std::uint32_t channel,
                                  std::uint32_t cell) {
  const std::size_t index =
      slot * tensor.slotStep + std::size_t{channel} * tensor.valueStep + std::size_t{cell} * tensor.cellStep;
  return elementOf(tensor.data, type, index);
}

// Extra value `value` of an anchor, as the whole network gives it; that of a rotated box is its angle.
__device__ inline float rawExtraAt(const RawGrids& grids, unsigned slot, std::uint32_t value, std::uint32_t number,
                                   bool rotated) {
  const RawAnchor anchor = rawAnchorOf(grids, number);
  const RawGridLevel& level = grids.levels[anchor.level];
  const std::uint32_t channel = anchor.which * grids.values + grids.extraAt + value;
  const float raw = elementOf(level.extra, grids.type, slot, channel, anchor.cell);
  if (grids.keypointDims != 0) {
    return rawPointOf(grids.form, rawCellOf(grids, anchor), static_cast<int>(value),
                      static_cast<int>(grids.keypointDims), raw);
  }
  return rotated ? rawAngleOf(grids.form, raw) : raw;
}

// Calls `take` with an anchor's cell and what reads the values of its box.
template <typename Take>
__device__ auto withRawBox(const RawGrids& grids, unsigned slot, std::uint32_t number, const Take& take) {
  const RawAnchor anchor = rawAnchorOf(grids, number);
  const RawGridLevel& level = grids.levels[anchor.level];
  const std::uint32_t first = anchor.which * grids.values;
  return take(rawCellOf(grids, anchor), [&](int channel) {
    return elementOf(level.boxes, grids.type, slot, first + static_cast<std::uint32_t>(channel), anchor.cell);
  });
}

}  // namespace trtyolo::cuda
