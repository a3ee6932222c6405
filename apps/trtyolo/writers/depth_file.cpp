// Depth as an image file: see depth_file.hpp.
#include "writers/depth_file.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <opencv2/imgcodecs.hpp>

#include "writers/output_file.hpp"

namespace app {

double writeDepth(const std::string& file, const trtyolo::DepthMap& depth) {
  constexpr double kMost = std::numeric_limits<std::uint16_t>::max();
  const float farthest = depth.range().max;
  const double scale = farthest > 0 ? farthest / kMost : 1;
  cv::Mat steps(depth.height, depth.width, CV_16U);
  std::transform(depth.data.begin(), depth.data.end(), steps.begin<std::uint16_t>(), [&](float metres) {
    return static_cast<std::uint16_t>(metres > 0 && metres <= farthest ? std::lround(metres / scale) : 0);
  });
  std::vector<unsigned char> bytes;
  cv::imencode(".png", steps, bytes);
  OutputFile output(file);
  output.write({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  output.commit();
  return scale;
}

}  // namespace app
