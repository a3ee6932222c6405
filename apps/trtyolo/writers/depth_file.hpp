// Depth as an image file.
#pragma once

#include <string>

#include "trtyolo.hpp"

namespace app {

/// Writes a PNG of 16-bit grey whose values are depth / scale, rounded; 0 where there is no depth (not finite, or not
/// above 0). Gives the scale: metres for each step, so that the farthest pixel has 65535.
/// @throws std::runtime_error  names the file and the reason
double writeDepth(const std::string& file, const trtyolo::DepthMap& depth);

}  // namespace app
