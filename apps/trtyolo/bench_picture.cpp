// The picture that bench predicts: see bench_picture.hpp.
#include "bench_picture.hpp"

#include <cstdint>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/videoio.hpp>
#include <stdexcept>

#include "sources.hpp"

namespace app {
namespace {

/// Shapes on a slope of colour, under noise: neither uniform nor without structure.
cv::Mat drawnPicture() {
  cv::Mat picture(1080, 1920, CV_8UC3);
  for (int y = 0; y < picture.rows; ++y) {
    for (int x = 0; x < picture.cols; ++x) {
      picture.at<cv::Vec3b>(y, x) = {static_cast<std::uint8_t>(x * 160 / picture.cols),
                                     static_cast<std::uint8_t>(y * 160 / picture.rows),
                                     static_cast<std::uint8_t>(160 - x * 80 / picture.cols - y * 80 / picture.rows)};
    }
  }
  cv::RNG random(20240229);
  for (int i = 0; i < 40; ++i) {
    const cv::Scalar color(random.uniform(0, 256), random.uniform(0, 256), random.uniform(0, 256));
    const cv::Point center(random.uniform(0, picture.cols), random.uniform(0, picture.rows));
    const cv::Size size(random.uniform(20, 200), random.uniform(20, 200));
    if (i % 2 == 0) {
      cv::ellipse(picture, center, size, random.uniform(0, 180), 0, 360, color, cv::FILLED);
    } else {
      cv::rectangle(picture, cv::Rect(center, size), color, cv::FILLED);
    }
  }
  cv::Mat noise(picture.size(), CV_8UC3);
  random.fill(noise, cv::RNG::UNIFORM, 0, 32);
  picture += noise;
  return picture;
}

}  // namespace

cv::Mat benchPicture(const std::string& source) {
  if (source.empty()) return drawnPicture();
  cv::Mat picture = cv::imread(source, cv::IMREAD_COLOR);
  if (picture.empty()) {
    cv::VideoCapture video(source, videoBackend());
    if (video.isOpened()) video.read(picture);
  }
  if (picture.empty()) throw std::runtime_error("neither a picture nor a video can be read from \"" + source + "\"");
  return picture;
}

}  // namespace app
