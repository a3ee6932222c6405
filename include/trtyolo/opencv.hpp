// cv::Mat as trtyolo::Image, without a copy. Needs OpenCV's core headers; the library itself does not.
#pragma once

#include <opencv2/core/mat.hpp>
#include <stdexcept>
#include <string>

#include "image.hpp"

namespace trtyolo {

/// A view of `mat`, regions of interest and padded rows included. `mat` must outlive the call that the view is given
/// to. OpenCV's colour images are BGR: set InferOption::enableSwapRB().
/// @throws std::invalid_argument  `mat` is empty, not two-dimensional, or not 8-bit with 1, 3 or 4 channels
inline Image view(const cv::Mat& mat) {
  const int channels = mat.channels();
  if (mat.empty() || mat.dims != 2 || mat.depth() != CV_8U || (channels != 1 && channels != 3 && channels != 4)) {
    throw std::invalid_argument("trtyolo::view: a non-empty 8-bit image of 1, 3 or 4 channels is needed, found " +
                                std::to_string(mat.cols) + " x " + std::to_string(mat.rows) + " of type " +
                                std::to_string(mat.type()));
  }
  return Image(mat.data, mat.cols, mat.rows, channels, mat.step[0]);
}

}  // namespace trtyolo
