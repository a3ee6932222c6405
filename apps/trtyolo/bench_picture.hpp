// The picture that bench predicts.
#pragma once

#include <opencv2/core.hpp>
#include <string>

namespace app {

/// A picture from a file (of a video, the first frame), or, for an empty `source`, 1920 x 1080 pixels that are the same
/// on every machine. 8 bits, 3 channels, BGR.
/// @throws std::runtime_error  neither a picture nor a video can be read from `source`
cv::Mat benchPicture(const std::string& source);

}  // namespace app
