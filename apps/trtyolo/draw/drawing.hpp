// Images with what was found in them.
#pragma once

#include <opencv2/core/mat.hpp>

#include "trtyolo.hpp"

namespace app {

/// Draws a result on its image, in the colours of the classes, or of the tracks, if there are some: masks, boxes
/// upright or rotated, keypoints (joined to skeletons if they are COCO's 17), track, name and score of each object; of
/// a classifier the best classes as a caption; of a semantic segmenter the pixels of each class and a legend; of a
/// depth estimator the distances and their scale. Lines and letters grow with the image. `image` is 8-bit BGR. Any
/// thread.
void draw(cv::Mat& image, const trtyolo::Result& result);

}  // namespace app
