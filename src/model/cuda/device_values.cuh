// How kernels read values and wishes.
#pragma once

#include <cuda_fp16.h>
#include <cuda_runtime.h>

#include "model/cuda/raw_values.cuh"
#include "model/cuda/score_key.hpp"
#include "model/cuda/selection.hpp"
#include "model/object_values.hpp"

namespace trtyolo::cuda {

__device__ inline float toFloat(float value) {
  return value;
}
__device__ inline float toFloat(__half value) {
  return __half2float(value);
}

__device__ inline std::size_t indexIn(const DeviceTable& table, std::size_t slot, std::size_t value,
                                      std::size_t anchor) {
  return slot * table.slotStep + value * table.valueStep + anchor * table.anchorStep;
}

// Of a table of f32 or f16.
__device__ inline float valueAt(const DeviceTable& table, std::size_t slot, std::size_t value, std::size_t anchor) {
  return elementOf(table.data, table.type, indexIn(table, slot, value, anchor));
}

// The first value of an anchor in a table of any type.
__device__ inline float numberAt(const DeviceTable& table, std::size_t slot, std::size_t anchor) {
  const std::size_t index = indexIn(table, slot, 0, anchor);
  switch (table.type) {
    case ValueType::I32:
      return static_cast<float>(static_cast<const std::int32_t*>(table.data)[index]);
    case ValueType::I64:
      return static_cast<float>(static_cast<const std::int64_t*>(table.data)[index]);
    default:
      return valueAt(table, slot, 0, anchor);
  }
}

__device__ inline bool isUsed(const Work& work, unsigned slot) {
  return work.slots[slot].pixels != nullptr;
}

__device__ inline bool isWanted(const CallMemory& call, bool everyClass, std::uint32_t classIndex) {
  return everyClass || (call.wanted[classIndex / 32] >> (classIndex % 32) & 1U) != 0;
}

// Extra value of an anchor, whatever the network gives.
__device__ inline float extraAt(const Candidates& candidates, unsigned slot, std::uint32_t value,
                                std::uint32_t anchor) {
  return candidates.raw.count != 0 ? rawExtraAt(candidates.raw, slot, value, anchor, candidates.rotated)
                                   : valueAt(candidates.extra, slot, value, anchor);
}

// The same as objectAt() of a network that was cut.
__device__ inline KeptObject rawObjectAt(const Candidates& candidates, unsigned slot, std::uint32_t anchor,
                                         int classIndex, float score) {
  return withRawBox(candidates.raw, slot, anchor, [&](const RawCell& cell, const auto& at) -> KeptObject {
    if (candidates.rotated) {
      const float theta = extraAt(candidates, slot, candidates.extraValues - 1, anchor);
      const CenterSize box = rawRotatedBoxOf(candidates.raw.form, cell, theta, at);
      return {box.x, box.y, box.width, box.height, theta, score, classIndex, anchor};
    }
    const Box box = rawBoxOf(candidates.raw.form, cell, at);
    return {box.left, box.top, box.right, box.bottom, 0.0F, score, classIndex, anchor};
  });
}

// The object of a candidate or of an end-to-end network: its box from the tables, all else as given.
__device__ inline KeptObject objectAt(const Candidates& candidates, unsigned slot, std::uint32_t anchor, int classIndex,
                                      float score) {
  if (candidates.raw.count != 0) {
    return rawObjectAt(candidates, slot, anchor, classIndex, score);
  }
  const float a = valueAt(candidates.boxes, slot, 0, anchor), b = valueAt(candidates.boxes, slot, 1, anchor);
  const float c = valueAt(candidates.boxes, slot, 2, anchor), d = valueAt(candidates.boxes, slot, 3, anchor);
  if (candidates.rotated) {
    const float theta = valueAt(candidates.extra, slot, candidates.extraValues - 1, anchor);
    const CenterSize box = centerSizeOf(candidates.form, a, b, c, d);
    return {box.x, box.y, box.width, box.height, theta, score, classIndex, anchor};
  }
  const Box box = cornersOf(candidates.form, anchor, a, b, c, d);
  return {box.left, box.top, box.right, box.bottom, 0.0F, score, classIndex, anchor};
}

// What a candidate's key says.
__device__ inline std::uint32_t anchorOf(const Candidates& candidates, std::uint64_t key) {
  return static_cast<std::uint32_t>(placeOfCandidate(key) / candidates.classes);
}
__device__ inline int classOf(const Candidates& candidates, std::uint64_t key) {
  return static_cast<int>(placeOfCandidate(key) % candidates.classes);
}

// The object of a candidate's key.
__device__ inline KeptObject objectOf(const Candidates& candidates, unsigned slot, std::uint64_t key) {
  return objectAt(candidates, slot, anchorOf(candidates, key), classOf(candidates, key), scoreOfCandidate(key));
}

// The same in two steps, so that threads share out the means of the distributions: the distance to a side, 0 to 3 as
// rawDistancesOf() has them, and the object with them. Of networks that were cut whose boxes are distances.
__device__ inline float distanceOf(const Candidates& candidates, unsigned slot, std::uint64_t key, int side) {
  return withRawBox(candidates.raw, slot, anchorOf(candidates, key), [&](const RawCell&, const auto& at) {
    return trtyolo::distanceOf(at, side, candidates.raw.form.bins);
  });
}
__device__ inline KeptObject objectOf(const Candidates& candidates, std::uint64_t key, const RawDistances& distances) {
  const std::uint32_t anchor = anchorOf(candidates, key);
  const Box box = rawBoxOf(rawCellOf(candidates.raw, rawAnchorOf(candidates.raw, anchor)), distances);
  return {box.left, box.top, box.right, box.bottom, 0.0F, scoreOfCandidate(key), classOf(candidates, key), anchor};
}

}  // namespace trtyolo::cuda
