// Pictures for trtyolo.h.
#pragma once

#include <gtest/gtest.h>

#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <string>

#include "support/golden.hpp"
#include "trtyolo.h"

namespace trtyolo::test {

inline cv::Mat rgb(const std::string& file) {
  cv::Mat picture = cv::imread(dataPath(file));
  EXPECT_FALSE(picture.empty()) << file;
  cv::cvtColor(picture, picture, cv::COLOR_BGR2RGB);
  return picture;
}

// A picture for shapes/detect.onnx, with several objects.
inline cv::Mat shapes() {
  return rgb("shapes/" + goldenOf("detect").at(0).at("source").get<std::string>());
}

inline trtyolo_image imageOf(const cv::Mat& picture) {
  trtyolo_image image = {};
  image.pixels = picture.data;
  image.width = picture.cols;
  image.height = picture.rows;
  image.channels = picture.channels();
  image.pitch = picture.step;
  return image;
}

}  // namespace trtyolo::test
