// Images with what was found in them.
#pragma once

#include <opencv2/core/mat.hpp>
#include <vector>

#include "trtyolo.hpp"

namespace app {

/// Draws a result on its image, in the colours of the classes, or of the tracks, if there are some: masks, boxes
/// upright or rotated, keypoints (joined to skeletons if they are COCO's 17), track, name and score of each object; of
/// a classifier the best classes as a caption; of a semantic segmenter the pixels of each class and a legend; of a
/// depth estimator the distances and their scale. Lines and letters grow with the image. `then`, if it is not empty, is
/// what a second model says of each object: its best class joins the object's label, or what it found is drawn; of
/// poses the keypoints alone. `image` is 8-bit BGR. Any thread.
void draw(cv::Mat& image, const trtyolo::Result& result, const std::vector<trtyolo::Result>& then = {});

}  // namespace app
