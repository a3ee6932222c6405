// Encoded images for the tests of the component media.
#pragma once

#include <array>
#include <cstddef>
#include <fstream>
#include <iterator>
#include <opencv2/imgcodecs.hpp>
#include <string>
#include <vector>

#include "trtyolo/encoded.hpp"

namespace trtyolo::test {

using Bytes = std::vector<unsigned char>;

inline EncodedImage encoded(const Bytes& bytes) {
  return {bytes.data(), bytes.size()};
}

inline Bytes bytesOf(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

/// A file of tests/media/inputs/.
inline Bytes inputBytes(const std::string& name) {
  return bytesOf(TRTYOLO_MEDIA_INPUTS "/" + name);
}

/// A copy of the pixels; throws the error.
inline cv::Mat matOf(const DecodedImage& decoded) {
  if (decoded.error) {
    std::rethrow_exception(decoded.error);
  }
  const Image& image = decoded.image;
  return cv::Mat(image.height, image.width, CV_8UC(image.channels), const_cast<void*>(image.ptr), image.pitch).clone();
}

/// Four quadrants: red, green, blue and white.
inline cv::Mat quadrants(int width = 32, int height = 32) {
  cv::Mat image(height, width, CV_8UC3);
  const int x = width / 2, y = height / 2;
  image({0, 0, x, y}) = cv::Scalar(0, 0, 255);
  image({x, 0, width - x, y}) = cv::Scalar(0, 255, 0);
  image({0, y, x, height - y}) = cv::Scalar(255, 0, 0);
  image({x, y, width - x, height - y}) = cv::Scalar(255, 255, 255);
  return image;
}

inline Bytes encode(const cv::Mat& image, const std::string& suffix) {
  Bytes bytes;
  cv::imencode(suffix, image, bytes);
  return bytes;
}

/// A JPEG file with the EXIF orientation 1 to 8.
inline Bytes oriented(const Bytes& jpeg, unsigned char orientation) {
  const std::array<unsigned char, 36> segment{0xFF, 0xE1, 0, 34, 'E', 'x', 'i', 'f', 0, 0,            // EXIF
                                              'M',  'M',  0, 42, 0,   0,   0,   8,   0, 1,            // TIFF
                                              1,    0x12, 0, 3,  0,   0,   0,   1,   0, orientation,  // one entry
                                              0,    0,    0, 0,  0,   0};
  Bytes bytes(jpeg.begin(), jpeg.begin() + 2);
  bytes.insert(bytes.end(), segment.begin(), segment.end());
  bytes.insert(bytes.end(), jpeg.begin() + 2, jpeg.end());
  return bytes;
}

}  // namespace trtyolo::test
