// Boxes whose numbers are all finite.
#pragma once

#include <cmath>

#include "trtyolo/results.hpp"

namespace trtyolo {

inline bool isFinite(const Box& box) {
  return std::isfinite(box.left) && std::isfinite(box.top) && std::isfinite(box.right) && std::isfinite(box.bottom);
}

inline bool isFinite(const RotatedBox& box) {
  return isFinite(static_cast<const Box&>(box)) && std::isfinite(box.theta);
}

}  // namespace trtyolo
