// How far objects are from each other: 1 minus their overlap, in f32 as Ultralytics computes it.
#pragma once

#include <vector>

#include "model/overlap.hpp"
#include "model/rotated_overlap.hpp"
#include "track/assignment.hpp"
#include "track/kalman_filter.hpp"

namespace trtyolo {

/// Where an object is.
struct Place {
  CenterBox box;
  float theta = 0;  ///< radians; of rotated boxes
};

/// The box as corners, in f32.
inline Box cornersOf(const CenterBox& box) {
  const double left = box.x - box.width / 2, top = box.y - box.height / 2;
  return {static_cast<float>(left), static_cast<float>(top), static_cast<float>(left + box.width),
          static_cast<float>(top + box.height)};
}

/// Intersection over union. A small number is in the divisor, so that there is one of what has no area.
inline float uprightOverlap(const ShiftedBox& a, const ShiftedBox& b) {
  const float intersection = intersectionOf(a, b);
  return intersection / (a.area + b.area - intersection + kOverlapEpsilon);
}

/// Distances of each of `rows` to each of `columns`: 0, the same place, to 1, apart.
CostMatrix distances(const std::vector<Place>& rows, const std::vector<Place>& columns, bool rotated);

}  // namespace trtyolo
