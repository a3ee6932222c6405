// How far objects are from each other: 1 minus their overlap, in f32 as Ultralytics computes it.
#pragma once

#include <vector>

#include "track/assignment.hpp"
#include "track/kalman_filter.hpp"

namespace trtyolo {

/// Where an object is.
struct Place {
  CenterBox box;
  float theta = 0;  ///< radians; of rotated boxes
};

/// Distances of each of `rows` to each of `columns`: 0, the same place, to 1, apart.
CostMatrix distances(const std::vector<Place>& rows, const std::vector<Place>& columns, bool rotated);

}  // namespace trtyolo
