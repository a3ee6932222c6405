// JPEG images at a half, a quarter or an eighth of their size: when, which size, and that the pixels are those of the
// image.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <opencv2/imgproc.hpp>

#include "image/geometry.hpp"
#include "media/encoded.hpp"
#include "media/reduction.hpp"
#include "trtyolo/errors.hpp"
#include "trtyolo/media.hpp"

namespace trtyolo {
namespace {

using test::Bytes;
using test::encode;
using test::encoded;
using test::matOf;
using test::oriented;

// What a network with this input needs of images that are letterboxed.
DecodeTarget targetOf(Size network) {
  DecodeTarget target{std::nullopt, true};
  target.enough = [network](const ImageSize& whole) {
    const Size size{static_cast<int>(whole.width), static_cast<int>(whole.height)};
    const Size scaled = Letterbox::fit(size, network).scaled;
    return ImageSize{static_cast<std::size_t>(scaled.width), static_cast<std::size_t>(scaled.height)};
  };
  return target;
}

DecodedImage decodeFor(const DecodeTarget& target, const Bytes& bytes) {
  const EncodedImage image = encoded(bytes);
  DecodedImage decoded;
  makeImageDecoder()->decode(&image, 1, target, &decoded);
  return decoded;
}

// Smooth, and different in each corner.
cv::Mat landscape(int width, int height) {
  cv::Mat small(2, 3, CV_8UC3), image;
  small.at<cv::Vec3b>(0, 0) = {250, 20, 30};
  small.at<cv::Vec3b>(0, 1) = {10, 200, 60};
  small.at<cv::Vec3b>(0, 2) = {90, 20, 240};
  small.at<cv::Vec3b>(1, 0) = {200, 200, 10};
  small.at<cv::Vec3b>(1, 1) = {0, 0, 0};
  small.at<cv::Vec3b>(1, 2) = {240, 250, 230};
  cv::resize(small, image, {width, height}, 0, 0, cv::INTER_CUBIC);
  return image;
}

// 1 if it is whole.
int divisorOf(int width, int height, Size network) {
  const Bytes bytes = encode(cv::Mat(height, width, CV_8UC3, cv::Scalar(9, 9, 9)), ".jpg");
  const DecodedImage decoded = decodeFor(targetOf(network), bytes);
  EXPECT_FALSE(decoded.error);
  if (decoded.whole.width == 0) {
    EXPECT_EQ(matOf(decoded).size(), cv::Size(width, height));
    return 1;
  }
  EXPECT_EQ(decoded.whole.width, static_cast<std::size_t>(width));
  EXPECT_EQ(decoded.whole.height, static_cast<std::size_t>(height));
  for (const int divisor : {2, 4, 8}) {
    if (decoded.image.width == (width + divisor - 1) / divisor &&
        decoded.image.height == (height + divisor - 1) / divisor) {
      return divisor;
    }
  }
  return 0;
}

TEST(FastDecodeTest, AsMuchAsLeavesEnoughPixels) {
  EXPECT_EQ(divisorOf(1920, 1080, {640, 640}), 2);
  EXPECT_EQ(divisorOf(1280, 720, {640, 640}), 2);
  EXPECT_EQ(divisorOf(1279, 719, {640, 640}), 2);  // 640 x 360: sides are rounded up
  EXPECT_EQ(divisorOf(1278, 719, {640, 640}), 1);  // 639
  EXPECT_EQ(divisorOf(2559, 1440, {640, 640}), 4);
  EXPECT_EQ(divisorOf(2556, 1440, {640, 640}), 2);
  EXPECT_EQ(divisorOf(720, 1280, {640, 640}), 2);
  EXPECT_EQ(divisorOf(1024, 1024, {128, 128}), 8);
  EXPECT_EQ(divisorOf(4096, 4096, {128, 128}), 8);
  EXPECT_EQ(divisorOf(300, 200, {640, 640}), 1);
  // An image that EXIF turned would be larger in the network's input.
  EXPECT_EQ(divisorOf(1280, 720, {640, 360}), 2);
  EXPECT_EQ(divisorOf(640, 640, {320, 640}), 2);
  EXPECT_EQ(divisorOf(1280, 320, {640, 160}), 2);
  EXPECT_EQ(divisorOf(1280, 320, {160, 640}), 2);
}

// Nobody could tell 100 x 99 from 99 x 100, turned, by what is left of it.
TEST(FastDecodeTest, SidesThatBecomeEqualAreLeftAlone) {
  EXPECT_EQ(divisorOf(100, 99, {8, 8}), 1);
  EXPECT_EQ(divisorOf(100, 98, {8, 8}), 2);
  EXPECT_EQ(divisorOf(100, 100, {8, 8}), 8);
}

TEST(FastDecodeTest, PixelsAreThoseOfTheImageInEachOrientation) {
  for (const cv::Size size : {cv::Size(800, 400), cv::Size(803, 417)}) {
    const Bytes jpeg = encode(landscape(size.width, size.height), ".jpg");
    for (unsigned char orientation = 1; orientation <= 8; ++orientation) {
      const Bytes bytes = oriented(jpeg, orientation);
      const cv::Mat whole = matOf(decodeFor({std::nullopt, true}, bytes));
      for (const int network : {400, 200, 100}) {
        const DecodedImage decoded = decodeFor(targetOf({network, network}), bytes);
        ASSERT_EQ(decoded.whole.width, static_cast<std::size_t>(whole.cols)) << int{orientation};
        ASSERT_EQ(decoded.whole.height, static_cast<std::size_t>(whole.rows));
        const cv::Mat found = matOf(decoded);
        ASSERT_EQ(found.cols, (whole.cols * network + 799) / 800) << int{orientation};
        cv::Mat expected;
        cv::resize(whole, expected, found.size(), 0, 0, cv::INTER_AREA);
        // Of sides that do not divide the last pixel reaches beyond the image, and the others lie a little closer.
        EXPECT_LT(cv::norm(found, expected, cv::NORM_L1) / static_cast<double>(3 * found.total()), 2.5);
        EXPECT_LT(cv::norm(found, expected, cv::NORM_INF), 16) << int{orientation} << ' ' << network;
      }
    }
  }
}

TEST(FastDecodeTest, JpegFilesOfAllKindsAndNoOthers) {
  const DecodeTarget target = targetOf({100, 100});
  const cv::Mat image = landscape(800, 400);
  cv::Mat grey;
  cv::cvtColor(image, grey, cv::COLOR_BGR2GRAY);
  Bytes progressive;
  cv::imencode(".jpg", image, progressive, {cv::IMWRITE_JPEG_PROGRESSIVE, 1});
  for (const Bytes& bytes : {encode(image, ".jpg"), encode(grey, ".jpg"), progressive}) {
    const DecodedImage decoded = decodeFor(target, bytes);
    EXPECT_EQ(matOf(decoded).size(), cv::Size(100, 50));
    EXPECT_EQ(decoded.image.channels, 3);
  }
  for (const char* suffix : {".png", ".webp", ".bmp", ".tif"}) {
    const DecodedImage decoded = decodeFor(target, encode(image, suffix));
    EXPECT_EQ(matOf(decoded).size(), cv::Size(800, 400)) << suffix;
    EXPECT_EQ(decoded.whole.width, 0U);
  }
  const DecodedImage plain = decodeFor({std::nullopt, true}, encode(image, ".jpg"));
  EXPECT_EQ(matOf(plain).size(), cv::Size(800, 400));
  EXPECT_EQ(plain.whole.width, 0U);
}

TEST(FastDecodeTest, DamageIsAnErrorAsEver) {
  const Bytes jpeg = encode(landscape(800, 400), ".jpg");
  for (const std::size_t size : {jpeg.size() - 2, jpeg.size() / 2, std::size_t{200}, std::size_t{3}}) {
    const Bytes cut(jpeg.begin(), jpeg.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_THROW(matOf(decodeFor(targetOf({100, 100}), cut)), DecodeError) << size;
  }
}

// Files that say that they have no columns or no rows: the codec's business, not the model's.
TEST(FastDecodeTest, NobodyAsksAboutImagesWithoutPixels) {
  DecodeTarget target;
  target.enough = [](const ImageSize& whole) {
    EXPECT_GT(whole.width, 0U);
    EXPECT_GT(whole.height, 0U);
    return ImageSize{1, 1};
  };
  const Bytes jpeg = encode(landscape(800, 400), ".jpg");
  const auto frame = std::find(jpeg.begin(), jpeg.end(), 0xC0) - jpeg.begin();
  for (const std::ptrdiff_t side : {4, 6}) {  // bytes from the frame's mark to its height, and to its width
    Bytes bytes = jpeg;
    bytes[static_cast<std::size_t>(frame + side)] = bytes[static_cast<std::size_t>(frame + side + 1)] = 0;
    EXPECT_EQ(media::reductionFor(encoded(bytes), target).divisor, 1);
    EXPECT_THROW(matOf(decodeFor(target, bytes)), DecodeError);
  }
  EXPECT_EQ(media::reductionFor(encoded(jpeg), target).divisor, 8);
}

// A codec that does not do as it is told has given the whole image.
TEST(FastDecodeTest, WhatTheCodecHasReducedIsSeenFromItsSize) {
  const media::Reduction reduction{4, {1001, 600}};
  const auto wholeOf = [&](int width, int height) {
    const ImageSize whole = media::wholeOf(Image("", width, height, 3, 0), reduction);
    return std::pair(whole.width, whole.height);
  };
  EXPECT_EQ(wholeOf(251, 150), std::pair(std::size_t{1001}, std::size_t{600}));
  EXPECT_EQ(wholeOf(150, 251), std::pair(std::size_t{600}, std::size_t{1001}));
  EXPECT_EQ(wholeOf(1001, 600), std::pair(std::size_t{0}, std::size_t{0}));
}

}  // namespace
}  // namespace trtyolo
