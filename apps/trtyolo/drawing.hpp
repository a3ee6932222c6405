// Pictures with what was found in them.
#pragma once

#include <opencv2/core/mat.hpp>

#include "trtyolo.hpp"
#include "writer.hpp"

namespace app {

/// Draws a box in the colour of its class, with name and score, around each object; lines and letters grow with the
/// picture. `picture` is 8-bit BGR.
void draw(cv::Mat& picture, const trtyolo::DetResult& found, const Names& names);

}  // namespace app
