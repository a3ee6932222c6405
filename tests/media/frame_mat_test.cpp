// Frames of videos as cv::Mat: every format, converted as models convert it.
#include <gtest/gtest.h>

#include <cstdint>
#include <opencv2/imgproc.hpp>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "image/pixel_conversion.hpp"
#include "trtyolo/media_opencv.hpp"

namespace trtyolo {
namespace {

std::vector<std::uint8_t> noise(std::size_t bytes) {
  std::mt19937 random(7);
  std::vector<std::uint8_t> values(bytes);
  for (std::uint8_t& value : values) {
    value = static_cast<std::uint8_t>(random());
  }
  return values;
}

VideoFrame frameOf(const Image& image) {
  VideoFrame frame;
  frame.image = image;
  frame.image.memory = ImageMemory::Host;
  return frame;
}

void expectSame(const cv::Mat& found, const cv::Mat& expected) {
  ASSERT_EQ(found.type(), CV_8UC3);
  ASSERT_EQ(found.size(), expected.size());
  EXPECT_EQ(cv::norm(found, expected, cv::NORM_INF), 0);
}

constexpr int kWidth = 66, kHeight = 38;  // no multiple of what SIMD converts at a time

TEST(FrameMat, EqualsOpenCvWithBt601OfLimitedRange) {
  std::vector<std::uint8_t> bytes = noise(std::size_t{kWidth} * kHeight * 2);
  std::uint8_t* const chroma = bytes.data() + kWidth * kHeight;
  const cv::Mat planes(kHeight * 3 / 2, kWidth, CV_8UC1, bytes.data()), pairs(kHeight, kWidth, CV_8UC2, bytes.data());
  cv::Mat expected;
  cv::cvtColor(planes, expected, cv::COLOR_YUV2BGR_NV12);
  expectSame(matOf(frameOf(Image::nv12(bytes.data(), chroma, kWidth, kHeight))), expected);
  cv::cvtColor(planes, expected, cv::COLOR_YUV2BGR_I420);
  expectSame(matOf(frameOf(Image::i420(bytes.data(), chroma, chroma + kWidth * kHeight / 4, kWidth, kHeight))),
             expected);
  cv::cvtColor(pairs, expected, cv::COLOR_YUV2BGR_YUY2);
  expectSame(matOf(frameOf(Image::yuyv(bytes.data(), kWidth, kHeight))), expected);
}

TEST(FrameMat, FollowsMatrixAndRangeWithOddSizesAndPitches) {
  constexpr int kOddWidth = 35, kOddHeight = 19, kPitch = 48, kChromaPitch = 40;
  const std::vector<std::uint8_t> luma = noise(std::size_t{kPitch} * kOddHeight),
                                  pairs = noise(std::size_t{kChromaPitch} * ((kOddHeight + 1) / 2));
  for (const ColorMatrix matrix : {ColorMatrix::BT601, ColorMatrix::BT709}) {
    for (const ColorRange range : {ColorRange::Limited, ColorRange::Full}) {
      const YuvWeights weights = yuvWeights(matrix, range);
      cv::Mat expected(kOddHeight, kOddWidth, CV_8UC3);
      for (int y = 0; y < kOddHeight; ++y) {
        for (int x = 0; x < kOddWidth; ++x) {
          const std::uint8_t* const uv = pairs.data() + y / 2 * kChromaPitch + x / 2 * 2;
          const std::uint32_t pixel =
              pixelOfYuv(luma[static_cast<std::size_t>(y * kPitch + x)], uv[0], uv[1], weights, true);
          for (int channel = 0; channel < 3; ++channel) {
            expected.at<cv::Vec3b>(y, x)[channel] = static_cast<std::uint8_t>(pixel >> (8 * channel));
          }
        }
      }
      expectSame(matOf(frameOf(Image::nv12(luma.data(), pairs.data(), kOddWidth, kOddHeight, kPitch, kChromaPitch,
                                           matrix, range))),
                 expected);
    }
  }
}

TEST(FrameMat, KeepsOrSwapsChannels) {
  std::vector<std::uint8_t> bytes = noise(std::size_t{kWidth} * kHeight * 4);
  for (const int channels : {1, 3, 4}) {
    const cv::Mat given(kHeight, kWidth, CV_8UC(channels), bytes.data());
    for (const bool bgr : {false, true}) {
      VideoFrame frame = frameOf({bytes.data(), kWidth, kHeight, channels, 0});
      frame.bgr = bgr;
      cv::Mat expected;
      const int codes[] = {cv::COLOR_GRAY2BGR, bgr ? -1 : cv::COLOR_RGB2BGR,
                           bgr ? cv::COLOR_BGRA2BGR : cv::COLOR_RGBA2BGR};
      const int code = codes[channels / 2];
      code < 0 ? given.copyTo(expected) : cv::cvtColor(given, expected, code);
      const cv::Mat found = matOf(frame);
      expectSame(found, expected);
      EXPECT_NE(found.data, bytes.data());
    }
  }
}

TEST(FrameMat, MapsSixteenBits) {
  const std::vector<std::uint8_t> bytes{0, 0, 0xFF, 0xFF, 0x88, 0x13};  // 0, 65535, 5000
  const cv::Mat found = matOf(frameOf(Image::gray16(bytes.data(), 3, 1, 0, 0, 10000)));
  const cv::Mat expected = (cv::Mat_<cv::Vec3b>(1, 3) << cv::Vec3b::all(0), cv::Vec3b::all(255), cv::Vec3b::all(128));
  expectSame(found, expected);
}

TEST(FrameMat, SaysWhatIsWrong) {
  const std::uint8_t pixel[3] = {};
  const auto errorOf = [](const VideoFrame& frame) -> std::string {
    try {
      matOf(frame);
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "nothing";
  };
  EXPECT_EQ(errorOf({}), "matOf: width and height must be 1 to 1048576 pixels, found 0 x 0");
  EXPECT_EQ(errorOf(frameOf(Image(nullptr, 2, 3))), "matOf: its pointer is null (2 x 3 pixels)");
  VideoFrame frame = frameOf(Image(pixel, 1, 1));
  EXPECT_EQ(errorOf(frame), "nothing");
  frame.image.memory = ImageMemory::Device;
  EXPECT_EQ(errorOf(frame), "matOf: it is in the memory of a GPU (Image::memory), and VideoFrame::gpu names none");
}

}  // namespace
}  // namespace trtyolo
