// Rotated parts of images: the CPU's and the kernel's code, the latter run pixel by pixel on this machine, against a
// reference that is written out here, to the bit, and against OpenCV.
#include "image/rotated_crop.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <string>
#include <utility>
#include <vector>

#include "image/converted_image.hpp"
#include "image/cuda/rotated_pixel.hpp"
#include "image/test_image.hpp"
#include "support/sanitized.hpp"

namespace trtyolo::rotated_crop_test {
namespace {

using test::Content;
using test::ConvertedImage;
using test::FormatImage;
using test::Random;
using test::TestImage;

constexpr double kQuarter = std::numbers::pi / 2;

ImageView rotated(ImageView image, const RotatedPart& part) {
  image.rotation = Rotation(part, image.size);
  image.size = {part.width, part.height};
  return image;
}

double uniform(Random& random, double low, double high) {
  return low + (high - low) * static_cast<double>(random()) / static_cast<double>(Random::max());
}

// About the image, sometimes beyond it.
RotatedPart randomPart(Random& random, Size image, int most) {
  RotatedPart part;
  part.width = test::magnitude(random, most);
  part.height = test::magnitude(random, most);
  part.x = uniform(random, -0.2 * image.width, 1.2 * image.width);
  part.y = uniform(random, -0.2 * image.height, 1.2 * image.height);
  part.theta = uniform(random, -8, 8);
  return part;
}

// A channel of pixel (x, y) of the part: its place in units of 2^-32 pixels, weights of 11 bits, the two passes of
// cv::resize.
int referenceByte(const ImageView& image, const RotatedPart& part, int x, int y, int channel) {
  const auto fixed = [](double value) { return static_cast<std::int64_t>(std::llround(value * 4294967296.0)); };
  const double cosine = std::cos(part.theta), sine = std::sin(part.theta);
  const double u = (1 - part.width) / 2.0, v = (1 - part.height) / 2.0;
  const std::int64_t column = fixed(part.x - 0.5 + u * cosine - v * sine) + x * fixed(cosine) - y * fixed(sine);
  const std::int64_t row = fixed(part.y - 0.5 + u * sine + v * cosine) + x * fixed(sine) + y * fixed(cosine);
  const auto floorOf = [](std::int64_t place) {
    return static_cast<int>(std::floor(static_cast<double>(place) / 4294967296.0));
  };
  const auto weightOf = [](std::int64_t place) {
    const std::int64_t fraction = ((place % 4294967296) + 4294967296) % 4294967296;
    return static_cast<int>((fraction + 1048576) / 2097152);
  };
  const int left = floorOf(column), top = floorOf(row), right = weightOf(column), below = weightOf(row);
  const auto at = [&](int px, int py) {
    const bool inside = px >= 0 && px < image.size.width && py >= 0 && py < image.size.height;
    return inside ? image.row(py)[px * image.channels + channel] : 114;
  };
  const int up = (at(left, top) * (2048 - right) + at(left + 1, top) * right) >> 4;
  const int down = (at(left, top + 1) * (2048 - right) + at(left + 1, top + 1) * right) >> 4;
  return (((up * (2048 - below)) >> 16) + ((down * below) >> 16) + 2) >> 2;
}

// `source` is of interleaved bytes.
void expectReference(const ImageView& found, const ImageView& source, const RotatedPart& part) {
  ASSERT_EQ(found.size, (Size{part.width, part.height}));
  ASSERT_FALSE(found.rotation || found.conversion.needed());
  const int channels = std::min(source.channels, 3);
  for (int y = 0; y < part.height; ++y) {
    for (int x = 0; x < part.width; ++x) {
      for (int channel = 0; channel < channels; ++channel) {
        ASSERT_EQ(found.row(y)[x * found.channels + channel], referenceByte(source, part, x, y, channel))
            << x << ", " << y << ", channel " << channel;
      }
    }
  }
}

// What the kernel would write.
void expectKernels(const ImageView& found, const ImageView& view) {
  const cuda::ImageSlot slot = cuda::slotFor(view.inMemory(), {});
  for (int y = 0; y < view.size.height; ++y) {
    for (int x = 0; x < view.size.width; ++x) {
      const cuda::Pixel pixel = cuda::rotatedPixel(slot, *view.rotation, x, y);
      for (int channel = 0; channel < std::min(view.channels, 3); ++channel) {
        ASSERT_EQ(cuda::channelOf(pixel, channel), found.row(y)[x * found.channels + channel]) << x << ", " << y;
      }
    }
  }
}

std::string textOf(const RotatedPart& part) {
  return std::to_string(part.width) + " x " + std::to_string(part.height) + " about " + std::to_string(part.x) + ", " +
         std::to_string(part.y) + ", theta " + std::to_string(part.theta);
}

TEST(RotatedCrop, RandomPartsEqualTheReference) {
  Random random(1);
  RotatedCropper cropper;
  for (int i = 0; i < test::rounds(300); ++i) {
    const Size size{test::magnitude(random, 300), test::magnitude(random, 300)};
    const int channels = std::vector<int>{1, 3, 4}[static_cast<std::size_t>(i % 3)];
    const TestImage image(size, channels, random() % 9, static_cast<Content>(i % 3), random(), random() % 4);
    const RotatedPart part = randomPart(random, size, 200);
    SCOPED_TRACE(testing::Message() << textOf(part) << " of " << size.width << " x " << size.height << " x "
                                    << channels);
    const ImageView view = rotated(image.view(), part);
    const ImageView found = cropper.upright(view);
    expectReference(found, image.view(), part);
    expectKernels(found, view);
    if (HasFailure()) {
      return;  // one is enough to look for the cause
    }
  }
}

TEST(RotatedCrop, FormatsEqualTheConvertedImage) {
  Random random(2);
  RotatedCropper cropper;
  for (int i = 0; i < test::rounds(60) && !testing::Test::HasFailure(); ++i) {
    for (const PixelFormat format :
         {PixelFormat::NV12, PixelFormat::I420, PixelFormat::YUYV, PixelFormat::Gray16, PixelFormat::Interleaved}) {
      const FormatImage image = test::formatImage(random, format, {random.between(1, 90), random.between(1, 90)},
                                                  random() % 3, random() % 4, test::kMatrices[random() % 2]);
      ImageView whole = test::viewOf(image, i % 2 == 0);
      if (i % 3 == 0) {  // begins in the middle of a pair
        const int x = whole.size.width / 3, y = whole.size.height / 3;
        whole = whole.cropped(x, y, {whole.size.width - x, whole.size.height - y});
      }
      const RotatedPart part = randomPart(random, whole.size, 90);
      SCOPED_TRACE(testing::Message() << image << ": " << textOf(part));
      const ConvertedImage converted(whole);
      const ImageView found = cropper.upright(rotated(whole, part));
      expectReference(found, converted.view(), part);
      expectKernels(found, rotated(whole, part));
    }
  }
}

TEST(RotatedCrop, PartsOfPartsEqualTheirPixels) {
  Random random(3);
  const TestImage image({200, 150}, 3, 5, Content::kNoise, 4);
  for (int i = 0; i < 20; ++i) {
    const ImageView view = rotated(image.view(), randomPart(random, {200, 150}, 120));
    RotatedCropper all, some;
    const ImageView upright = all.upright(view);
    const int x = view.size.width / 3, y = view.size.height / 4;
    const ImageView part = some.upright(view.cropped(x, y, {view.size.width - x, view.size.height - y}));
    for (int row = 0; row < part.size.height; ++row) {
      ASSERT_TRUE(std::equal(part.row(row), part.row(row) + 3 * part.size.width, upright.row(y + row) + 3 * x));
    }
  }
}

TEST(RotatedCrop, NoTurnCopiesAndQuarterTurnsEqualOpenCv) {
  const TestImage image({97, 61}, 3, 3, Content::kNoise, 5);
  const cv::Mat source(61, 97, CV_8UC3, const_cast<std::uint8_t*>(image.view().data), image.view().pitch);
  RotatedCropper cropper;
  for (int turns = 0; turns < 4; ++turns) {
    RotatedPart part{97 / 2.0, 61 / 2.0, 97, 61, turns * kQuarter};
    if (turns % 2 == 1) {
      std::swap(part.width, part.height);
    }
    const ImageView found = cropper.upright(rotated(image.view(), part));
    const cv::Mat upright(found.size.height, found.size.width, CV_8UC3, const_cast<std::uint8_t*>(found.data),
                          found.pitch);
    cv::Mat wanted = source;
    if (turns > 0) {
      constexpr int kBack[] = {0, cv::ROTATE_90_COUNTERCLOCKWISE, cv::ROTATE_180, cv::ROTATE_90_CLOCKWISE};
      cv::rotate(source, wanted, kBack[turns]);
    }
    EXPECT_EQ(cv::norm(wanted, upright, cv::NORM_INF), 0) << turns;
  }
}

// OpenCV takes places to 1/32 of a pixel, this to 1/2048: between the blackest and the whitest pixel side by side that
// is 255 / 64 for each direction, and rounding.
TEST(RotatedCrop, DiffersFromWarpAffineByItsRounding) {
  Random random(6);
  RotatedCropper cropper;
  for (int i = 0; i < test::rounds(60); ++i) {
    const Size size{random.between(20, 400), random.between(20, 300)};
    const bool noise = i % 2 == 0;
    const TestImage image(size, 3, 0, noise ? Content::kExtremes : Content::kGradient, random());
    cv::Mat source(size.height, size.width, CV_8UC3, const_cast<std::uint8_t*>(image.view().data), image.view().pitch);
    if (!noise) {
      cv::GaussianBlur(source, source, {}, 3);
    }
    const RotatedPart part = randomPart(random, size, 200);
    const ImageView found = cropper.upright(rotated(image.view(), part));
    const double cosine = std::cos(part.theta), sine = std::sin(part.theta);
    const double u = (1 - part.width) / 2.0, v = (1 - part.height) / 2.0;
    const cv::Matx23d transform(cosine, -sine, part.x - 0.5 + u * cosine - v * sine,  //
                                sine, cosine, part.y - 0.5 + u * sine + v * cosine);
    cv::Mat wanted;
    cv::warpAffine(source, wanted, transform, {part.width, part.height}, cv::INTER_LINEAR | cv::WARP_INVERSE_MAP,
                   cv::BORDER_CONSTANT, cv::Scalar::all(114));
    const cv::Mat upright(part.height, part.width, CV_8UC3, const_cast<std::uint8_t*>(found.data), found.pitch);
    EXPECT_LE(cv::norm(wanted, upright, cv::NORM_INF), noise ? 9 : 2) << textOf(part);
    if (part.width * part.height >= 100) {  // of fewer pixels the mean says no more than each of them
      EXPECT_LE(cv::norm(wanted, upright, cv::NORM_L1), 1.5 * 3 * part.width * part.height) << textOf(part);
    }
  }
}

TEST(RotatedCrop, WhatIsBeyondTheImageIsGrey) {
  const TestImage image({40, 30}, 3, 0, Content::kNoise, 7);
  RotatedCropper cropper;
  for (const RotatedPart& part :
       {RotatedPart{-90, 15, 33, 21, 0.4}, {20, 300, 1, 1, 2}, {2e6, -2e6, 40, 30, 1}, {60, -20, 9, 40, -0.7}}) {
    const ImageView found = cropper.upright(rotated(image.view(), part));
    EXPECT_TRUE(std::all_of(found.data, found.data + found.pitch * static_cast<std::size_t>(found.size.height),
                            [](std::uint8_t byte) { return byte == 114; }))
        << textOf(part);
  }
}

TEST(RotatedCrop, AnImageThatIsNotRotatedStaysWhereItIs) {
  const TestImage image({40, 30}, 4, 2, Content::kNoise, 8);
  RotatedCropper cropper;
  EXPECT_EQ(cropper.upright(image.view()).data, image.view().data);
}

}  // namespace
}  // namespace trtyolo::rotated_crop_test
