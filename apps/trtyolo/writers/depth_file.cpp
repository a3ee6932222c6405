// Depth as an image file: see depth_file.hpp.
#include "writers/depth_file.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <opencv2/core.hpp>

#include "writers/image_writer.hpp"

namespace app {

double writeDepth(const std::string& file, const trtyolo::DepthMap& depth) {
  constexpr double kMost = std::numeric_limits<std::uint16_t>::max();
  const float farthest = depth.range().max;
  const double scale = farthest > 0 ? farthest / kMost : 1;
  cv::Mat steps(depth.height, depth.width, CV_16U);
  std::transform(depth.data.begin(), depth.data.end(), steps.begin<std::uint16_t>(), [&](float metres) {
    return static_cast<std::uint16_t>(metres > 0 && metres <= farthest ? std::lround(metres / scale) : 0);
  });
  writeImage(file, steps);
  return scale;
}

}  // namespace app
