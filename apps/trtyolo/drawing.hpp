// Pictures with what was found in them.
#pragma once

#include <opencv2/core/mat.hpp>

#include "class_names.hpp"
#include "found.hpp"

namespace app {

/// Draws what was found, in the colours of the classes: masks, boxes upright or rotated, keypoints (joined to skeletons
/// if they are COCO's 17), name and score of each object; of a classifier the best classes as a caption. Lines and
/// letters grow with the picture. `picture` is 8-bit BGR.
void draw(cv::Mat& picture, const Found& found, const Names& names);

}  // namespace app
