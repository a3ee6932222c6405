// Images in YUV and in grey of 16 bits, on every SIMD target: they give what the converted image gives, to the bit, and
// the conversion is OpenCV's where OpenCV has one.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <utility>
#include <vector>

#include "hwy/highway.h"
#include "image/center_crop.hpp"
#include "image/converted_image.hpp"
#include "image/grey.hpp"
#include "image/letterbox.hpp"
#include "image/resample.hpp"
#include "image/row_source.hpp"
#include "image/simd_targets.hpp"
#include "image/test_image.hpp"
#include "support/sanitized.hpp"

namespace trtyolo::pixel_formats_test {
namespace {

using test::ConvertedImage;
using test::FormatImage;
using test::magnitude;
using test::Random;

constexpr PixelFormat kFormats[] = {PixelFormat::NV12, PixelFormat::I420, PixelFormat::YUYV, PixelFormat::Gray16};

std::size_t planesSize(Size network) {
  return 3 * static_cast<std::size_t>(network.width) * static_cast<std::size_t>(network.height);
}

std::vector<std::uint8_t> bytesOfPixels(const ImageView& image, int channels) {
  std::vector<std::uint8_t> bytes;
  RowSource rows;
  rows.open(image, 1);
  for (int y = 0; y < image.size.height; ++y) {
    const std::uint8_t* from = rows.row(y);
    for (int x = 0; x < image.size.width; ++x, from += image.channels) {
      bytes.insert(bytes.end(), from, from + channels);
    }
  }
  return bytes;
}

// A YUV image of BT.601 in limited range as OpenCV converts it. OpenCV takes whole blocks of chroma only: what an image
// of an odd side lacks is made up, and left out again.
cv::Mat convertedByOpenCV(const ImageView& image, bool bgr) {
  const PixelConversion& of = image.conversion;
  const int width = (image.size.width + 1) / 2 * 2, height = (image.size.height + 1) / 2 * 2;
  cv::Mat converted;
  if (of.format == PixelFormat::YUYV) {
    const cv::Mat frame(image.size.height, image.size.width, CV_8UC2, const_cast<std::uint8_t*>(image.data),
                        image.pitch);
    cv::cvtColor(frame, converted, bgr ? cv::COLOR_YUV2BGR_YUY2 : cv::COLOR_YUV2RGB_YUY2);
    return converted;
  }
  cv::Mat frame(height * 3 / 2, width, CV_8UC1, cv::Scalar(77));
  for (int y = 0; y < image.size.height; ++y) {
    std::memcpy(frame.ptr(y), image.row(y), static_cast<std::size_t>(image.size.width));
  }
  std::uint8_t* to = frame.ptr(height);
  const bool together = of.format == PixelFormat::NV12;
  const auto rowBytes = static_cast<std::size_t>(together ? width : width / 2);
  for (int plane = 0; plane < (together ? 1 : 2); ++plane) {
    for (int y = 0; y < height / 2; ++y, to += rowBytes) {
      std::memcpy(to, of.chroma[plane] + static_cast<std::size_t>(y) * of.chromaPitch, rowBytes);
    }
  }
  const int code = together ? (bgr ? cv::COLOR_YUV2BGR_NV12 : cv::COLOR_YUV2RGB_NV12)
                            : (bgr ? cv::COLOR_YUV2BGR_I420 : cv::COLOR_YUV2RGB_I420);
  cv::cvtColor(frame, converted, code);
  return converted(cv::Rect(0, 0, image.size.width, image.size.height)).clone();
}

class PixelFormatsTest : public test::SimdTargetsTest {
 protected:
  PixelFormatsTest() { cv::setNumThreads(1); }

  FormatImage randomImage(PixelFormat format, Size size) {
    return test::formatImage(random_, format, size, random_() % 2 * (random_() % 67), random_() % 4,
                             test::kMatrices[random_() % 2], test::kRanges[random_() % 2]);
  }
  Size randomSize() { return {magnitude(random_, 2000), magnitude(random_, 1500)}; }

  // Whether `write` makes the same of the view as of the image that it stands for, on every target.
  template <class Write>
  void check(const ImageView& view, Size network, const Write& write) {
    const ConvertedImage converted(view);
    test::Guarded wanted(planesSize(network), test::kUnwritten);
    write(converted.view(), wanted.data());
    for (const std::int64_t target : targets()) {
      useTargets(target);
      test::Guarded planes(planesSize(network), test::kUnwritten);
      write(view, planes.data());
      EXPECT_EQ(planes.inner(), wanted.inner()) << hwy::TargetName(target);
      EXPECT_TRUE(planes.guardsIntact()) << hwy::TargetName(target);
    }
    useTargets(0);
  }

  void checkLetterbox(const ImageView& view, const Letterbox& box, const Normalization& normalization = {}) {
    check(view, box.network,
          [&](const ImageView& image, float* planes) { letterboxer_.write(image, box, normalization, planes); });
  }

  Random random_{2026};
  Letterboxer letterboxer_;  // one for a whole test, so that what it keeps from call to call is tested too
  CenterCropper cropper_;
  Resampler resampler_;
};

TEST_F(PixelFormatsTest, YuvEqualsOpenCV) {
  for (int i = 0; i < test::rounds(150); ++i) {
    for (const PixelFormat format : test::kYuvFormats) {
      const Size size = i < 40 ? Size{i + 1, i % 7 + 1} : randomSize();
      const FormatImage image =
          test::formatImage(random_, format, size, static_cast<std::size_t>(i % 3 * 5), random_() % 4);
      SCOPED_TRACE(testing::Message() << image);
      const bool bgr = i % 2 == 1;
      const cv::Mat wanted = convertedByOpenCV(test::viewOf(image), bgr);
      const std::vector<std::uint8_t> bytes(wanted.datastart, wanted.dataend);
      for (const std::int64_t target : targets()) {
        useTargets(target);
        ASSERT_EQ(bytesOfPixels(test::viewOf(image, bgr), 3), bytes) << hwy::TargetName(target);
      }
    }
  }
}

// Every Y with every U and V that there is.
TEST_F(PixelFormatsTest, EveryColourEqualsOpenCV) {
  cv::Mat frame(256, 2 * 256, CV_8UC2), wanted;
  for (int luma = 0; luma < 256; ++luma) {
    for (int u = 0; u < 256; ++u) {
      for (int v = 0; v < 256; ++v) {
        const auto values = [&](int channel) { return static_cast<std::uint8_t>(channel); };
        frame.at<cv::Vec2b>(u, 2 * v) = {values(luma), values(u)};
        frame.at<cv::Vec2b>(u, 2 * v + 1) = {values(255 - luma), values(v)};
      }
    }
    cv::cvtColor(frame, wanted, cv::COLOR_YUV2RGB_YUY2);
    const ImageView view = checkedView(Image::yuyv(frame.data, 512, 256), std::nullopt, std::nullopt, std::nullopt);
    ASSERT_EQ(bytesOfPixels(view, 3), std::vector<std::uint8_t>(wanted.datastart, wanted.dataend)) << luma;
  }
}

// The standards' formulas in real numbers.
TEST_F(PixelFormatsTest, WeightsAreThoseOfTheStandards) {
  for (const ColorMatrix matrix : test::kMatrices) {
    for (const ColorRange range : test::kRanges) {
      const bool limited = range == ColorRange::Limited, bt601 = matrix == ColorMatrix::BT601;
      const double red = bt601 ? 0.299 : 0.2126, blue = bt601 ? 0.114 : 0.0722, green = 1 - red - blue;
      const YuvWeights weights = yuvWeights(matrix, range);
      // OpenCV's three decimals are up to 0.0008 away, which counts 128 times; the others are exact but for rounding.
      const double allowed = bt601 && limited ? 0.75 : 0.501;
      for (int luma = 0; luma < 256; luma += 3) {
        for (int u = 0; u < 256; u += 5) {
          for (int v = 0; v < 256; v += 5) {
            const double y = limited ? (std::max(luma, 16) - 16) / 219.0 : luma / 255.0;
            const double cb = (u - 128) / (limited ? 224.0 : 255.0), cr = (v - 128) / (limited ? 224.0 : 255.0);
            const double r = y + 2 * (1 - red) * cr, b = y + 2 * (1 - blue) * cb;
            const double g = (y - red * r - blue * b) / green;
            const std::uint32_t pixel = pixelOfYuv(luma, u, v, weights, false);
            const double wanted[] = {r, g, b};
            for (int channel = 0; channel < 3; ++channel) {
              const double exact = std::min(std::max(wanted[channel] * 255, 0.0), 255.0);
              ASSERT_NEAR(static_cast<double>(pixel >> (8 * channel) & 0xFF), exact, allowed)
                  << luma << ' ' << u << ' ' << v << ", channel " << channel;
            }
          }
        }
      }
    }
  }
}

TEST_F(PixelFormatsTest, BlackAndWhiteAreWhole) {
  for (const ColorMatrix matrix : test::kMatrices) {
    EXPECT_EQ(pixelOfYuv(16, 128, 128, yuvWeights(matrix, ColorRange::Limited), false), 0U);
    EXPECT_EQ(pixelOfYuv(235, 128, 128, yuvWeights(matrix, ColorRange::Limited), false), 0xFFFFFFU);
    EXPECT_EQ(pixelOfYuv(0, 128, 128, yuvWeights(matrix, ColorRange::Full), false), 0U);
    EXPECT_EQ(pixelOfYuv(255, 128, 128, yuvWeights(matrix, ColorRange::Full), false), 0xFFFFFFU);
    EXPECT_EQ(pixelOfYuv(100, 128, 128, yuvWeights(matrix, ColorRange::Full), false), 0x646464U);
  }
}

TEST_F(PixelFormatsTest, Grey16IsMappedExactly) {
  std::vector<std::uint8_t> values(std::size_t{2} * 65536);
  for (std::size_t i = 0; i < 65536; ++i) {
    values[2 * i] = static_cast<std::uint8_t>(i);
    values[2 * i + 1] = static_cast<std::uint8_t>(i >> 8);
  }
  std::vector<std::pair<int, int>> windows{{0, 65535}, {0, 1},       {65534, 65535}, {0, 255},       {0, 510},
                                           {100, 355}, {7000, 9001}, {1, 32768},     {20000, 20003}, {0, 65534}};
  for (int i = 0; i < test::rounds(100); ++i) {
    const int low = random_.between(0, 65534);
    windows.emplace_back(low, random_.between(low + 1, 65535));
  }
  for (const auto& [low, high] : windows) {
    std::vector<std::uint8_t> wanted;
    for (int value = 0; value < 65536; ++value) {
      const std::int64_t inside = std::min(std::max(value, low), high) - low, span = high - low;
      wanted.push_back(static_cast<std::uint8_t>((510 * inside + span) / (2 * span)));
    }
    const ImageView view =
        checkedView(Image::gray16(values.data(), 65536, 1, 0, low, high), std::nullopt, std::nullopt, std::nullopt);
    for (const std::int64_t target : targets()) {
      useTargets(target);
      ASSERT_EQ(bytesOfPixels(view, 1), wanted) << low << " to " << high << ", " << hwy::TargetName(target);
    }
  }
}

TEST_F(PixelFormatsTest, LetterboxesEqualThoseOfTheConvertedImage) {
  constexpr Size kNetworkSides[] = {{640, 640}, {320, 640}, {224, 224}, {333, 517}, {97, 61}};
  for (int i = 0; i < test::rounds(40); ++i) {
    for (const PixelFormat format : kFormats) {
      const FormatImage image = randomImage(format, randomSize());
      SCOPED_TRACE(testing::Message() << image);
      const Size network = kNetworkSides[random_() % std::size(kNetworkSides)];
      Normalization normalization;
      normalization.swapRB = random_() % 2 == 0;
      if (random_() % 2 == 0) {
        normalization.mean = {0.485f, 0.456f, 0.406f};
        normalization.std = {0.229f, 0.224f, 0.225f};
      }
      const ImageView view = test::viewOf(image, random_() % 2 == 0);
      checkLetterbox(view, Letterbox::fit(view.size, network), normalization);
      checkLetterbox(view, Letterbox::stretch(view.size, {160, 96}), normalization);
      checkLetterbox(view, Letterbox::fitRect(view.size, {320, 320}, 32), normalization);
      if (HasFailure()) {
        return;
      }
    }
  }
}

TEST_F(PixelFormatsTest, SmallAndExtremeSizesEqualThoseOfTheConvertedImage) {
  constexpr Size kExtremeSizes[] = {{1, 1},    {2, 1},       {1, 2},      {2, 2},    {3, 3},  {3, 5},
                                    {5000, 1}, {1, 5000},    {4001, 3},   {7, 64},   {64, 7}, {15, 17},
                                    {129, 33}, {1920, 1080}, {1281, 719}, {640, 512}};
  for (const Size size : kExtremeSizes) {
    for (const PixelFormat format : kFormats) {
      const FormatImage image = randomImage(format, size);
      SCOPED_TRACE(testing::Message() << image);
      const ImageView view = test::viewOf(image);
      checkLetterbox(view, Letterbox::fit(view.size, {640, 640}));
      checkLetterbox(view, Letterbox::fit(view.size, {61, 97}));
      check(view, {64, 64}, [&](const ImageView& of, float* planes) { cropper_.write(of, {64, 64}, {}, planes); });
    }
  }
}

TEST_F(PixelFormatsTest, ScaledBytesEqualThoseOfTheConvertedImage) {
  for (const Size size : {Size{1920, 1080}, {640, 640}, {301, 203}, {1279, 721}}) {
    for (const PixelFormat format : kFormats) {
      const FormatImage image = randomImage(format, size);
      SCOPED_TRACE(testing::Message() << image);
      const ImageView view = test::viewOf(image);
      const Size scaled = Letterbox::fit(view.size, {640, 640}).scaled;
      const std::size_t pitch = Letterboxer::scaledPitch(scaled.width);
      const auto scale = [&](const ImageView& of) {
        std::vector<std::uint8_t> pixels(pitch * static_cast<std::size_t>(scaled.height)), colours;
        letterboxer_.scaleRows(of, scaled, 0, scaled.height, pixels.data());
        for (int y = 0; y < scaled.height; ++y) {
          for (int x = 0; x < scaled.width; ++x) {
            const auto at = pixels.begin() + static_cast<std::ptrdiff_t>(pitch) * y + std::ptrdiff_t{4} * x;
            colours.insert(colours.end(), at, at + 3);
          }
        }
        return colours;
      };
      EXPECT_EQ(scale(view), scale(ConvertedImage(view).view()));
    }
  }
}

TEST_F(PixelFormatsTest, CropsEqualThoseOfTheConvertedImage) {
  for (int i = 0; i < test::rounds(25); ++i) {
    for (const PixelFormat format : kFormats) {
      // Also such as are filtered by columns first.
      const Size size = i % 3 == 0 ? Size{magnitude(random_, 300), random_.between(500, 3000)} : randomSize();
      const FormatImage image = randomImage(format, size);
      SCOPED_TRACE(testing::Message() << image);
      const Size network = i % 2 == 0 ? Size{224, 224} : Size{123, 77};
      check(test::viewOf(image, i % 2 == 0), network,
            [&](const ImageView& of, float* planes) { cropper_.write(of, network, {}, planes); });
    }
  }
}

TEST_F(PixelFormatsTest, OtherFiltersEqualThoseOfTheConvertedImage) {
  for (int i = 0; i < test::rounds(12); ++i) {
    for (const PixelFormat format : kFormats) {
      const FormatImage image = randomImage(format, {magnitude(random_, 700), magnitude(random_, 1500)});
      SCOPED_TRACE(testing::Message() << image);
      const Letterbox box = Letterbox::stretch(test::viewOf(image).size, i % 2 == 0 ? Size{96, 64} : Size{200, 333});
      check(test::viewOf(image), box.network,
            [&](const ImageView& of, float* planes) { resampler_.writeReal(of, box, {}, planes); });
      check(test::viewOf(image), box.network, [&](const ImageView& of, float* planes) {
        Letterbox place = box;
        place.source = box.scaled;
        letterboxer_.write(resampler_.byPillow(of, box.scaled), place, {}, planes);
      });
    }
  }
}

TEST_F(PixelFormatsTest, GreyEqualsThatOfTheConvertedImage) {
  for (const PixelFormat format : kFormats) {
    for (const bool bgr : {false, true}) {
      const FormatImage image = randomImage(format, {301, 203});
      std::vector<std::uint8_t> memory, memoryOfConverted;
      const ImageView view = test::viewOf(image, bgr);
      const ConvertedImage converted(view);
      const ImageView grey = greyOf(view, bgr, memory);
      ASSERT_EQ(grey.channels, 1);
      EXPECT_EQ(bytesOfPixels(grey, 1), bytesOfPixels(greyOf(converted.view(), bgr, memoryOfConverted), 1));
    }
  }
}

TEST_F(PixelFormatsTest, PartsEqualThoseOfTheConvertedImage) {
  for (int i = 0; i < test::rounds(60); ++i) {
    for (const PixelFormat format : kFormats) {
      const FormatImage image = randomImage(format, {random_.between(8, 90), random_.between(8, 90)});
      const Size whole = test::viewOf(image).size;
      const ConvertedImage converted(test::viewOf(image));
      const int x = random_.between(0, whole.width - 1), y = random_.between(0, whole.height - 1);
      const Size part{random_.between(1, whole.width - x), random_.between(1, whole.height - y)};
      SCOPED_TRACE(testing::Message() << image << ", " << part.width << " x " << part.height << " at " << x << ", "
                                      << y);
      const int channels = converted.view().channels;
      const ImageView view = test::viewOf(image).cropped(x, y, part);
      EXPECT_EQ(bytesOfPixels(view, channels), bytesOfPixels(converted.view().cropped(x, y, part), channels));
      // And a part of that, as it is and with its planes elsewhere.
      const int x2 = random_.between(0, part.width - 1), y2 = random_.between(0, part.height - 1);
      const Size rest{part.width - x2, part.height - y2};
      const ImageView again = view.cropped(x2, y2, rest);
      const std::vector<std::uint8_t> wanted = bytesOfPixels(converted.view().cropped(x + x2, y + y2, rest), channels);
      EXPECT_EQ(bytesOfPixels(again, channels), wanted);
      std::vector<std::vector<std::uint8_t>> copies;
      ImagePlanes planes = planesOf(again, 0, rest.height);
      std::size_t bytes = 0;
      for (std::size_t i2 = 0; i2 < planes.count; ++i2) {
        ImagePlane& plane = planes.planes[i2];
        std::vector<std::uint8_t>& copy = copies.emplace_back();
        for (std::size_t row = 0; row < plane.rows(); ++row) {
          copy.insert(copy.end(), plane.row(row), plane.row(row) + plane.rowBytes);
        }
        bytes += copy.size();
        plane.data = copy.data() - static_cast<std::ptrdiff_t>(static_cast<std::size_t>(plane.first) * plane.rowBytes);
        plane.pitch = plane.rowBytes;
      }
      EXPECT_EQ(bytes, bytesOf(again));
      EXPECT_EQ(bytesOfPixels(withPlanes(again, planes), channels), wanted);
    }
  }
}

TEST_F(PixelFormatsTest, FormatsFollowEachOther) {
  Letterboxer letterboxer;
  for (int i = 0; i < 3; ++i) {
    for (const PixelFormat format :
         {PixelFormat::NV12, PixelFormat::Interleaved, PixelFormat::Gray16, PixelFormat::I420, PixelFormat::YUYV}) {
      const FormatImage image = randomImage(format, {300, 200});
      SCOPED_TRACE(testing::Message() << image);
      checkLetterbox(test::viewOf(image), Letterbox::fit({300, 200}, {224, 224}));
    }
  }
}

}  // namespace
}  // namespace trtyolo::pixel_formats_test
