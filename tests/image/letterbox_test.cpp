// The letterbox against OpenCV, value by value, on every SIMD target that this machine runs.
#include "image/letterbox.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <limits>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <string>
#include <utility>
#include <vector>

#include "hwy/highway.h"
#include "image/simd_targets.hpp"
#include "image/test_image.hpp"
#include "support/sanitized.hpp"

namespace trtyolo {
namespace {

using test::Content;
using test::Guarded;
using test::kUnwritten;
using test::magnitude;
using test::Random;
using test::TestImage;

std::size_t planesSize(const Letterbox& box) {
  return 3 * static_cast<std::size_t>(box.network.width) * static_cast<std::size_t>(box.network.height);
}

// The letterboxed image of three channels, made by OpenCV.
cv::Mat letterboxedByOpenCV(const ImageView& image, const Letterbox& box, int border) {
  const cv::Mat source(image.size.height, image.size.width, CV_8UC(image.channels),
                       const_cast<std::uint8_t*>(image.data), image.pitch);
  cv::Mat resized;
  cv::resize(source, resized, cv::Size(box.scaled.width, box.scaled.height), 0, 0, cv::INTER_LINEAR);
  if (image.channels == 1) {
    cv::cvtColor(resized, resized, cv::COLOR_GRAY2BGR);
  } else if (image.channels == 4) {
    cv::cvtColor(resized, resized, cv::COLOR_BGRA2BGR);
  }
  cv::Mat out;
  cv::copyMakeBorder(resized, out, box.top, box.network.height - box.top - box.scaled.height, box.left,
                     box.network.width - box.left - box.scaled.width, cv::BORDER_CONSTANT,
                     cv::Scalar(border, border, border));
  return out;
}

std::vector<float> planesByOpenCV(const ImageView& image, const Letterbox& box, const Normalization& normalization) {
  const cv::Mat pixels = letterboxedByOpenCV(image, box, static_cast<int>(normalization.border));
  std::vector<float> planes(planesSize(box));
  float* to = planes.data();
  for (std::size_t plane = 0; plane < 3; ++plane) {
    const std::size_t channel = normalization.swapRB ? 2 - plane : plane;
    float table[256];
    for (int value = 0; value < 256; ++value) {
      const float scaled = static_cast<float>(value) / 255.0f;
      const float centred = scaled - normalization.mean[plane];
      table[value] = centred / normalization.std[plane];
    }
    for (int y = 0; y < pixels.rows; ++y) {
      const std::uint8_t* from = pixels.ptr<std::uint8_t>(y) + channel;
      for (int x = 0; x < pixels.cols; ++x, from += 3) {
        *to++ = table[*from];
      }
    }
  }
  return planes;
}

std::size_t differences(const Guarded<float>& planes, const std::vector<float>& expected) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    count += planes.data()[i] != expected[i];
  }
  return count;
}

class LetterboxTest : public test::SimdTargetsTest {
 protected:
  LetterboxTest() { cv::setNumThreads(1); }

  // Compares with OpenCV on every target.
  void check(const ImageView& image, const Letterbox& box, const Normalization& normalization) {
    SCOPED_TRACE(testing::Message() << image.size.width << " x " << image.size.height << " x " << image.channels
                                    << ", pitch " << image.pitch << ", into " << box.network.width << " x "
                                    << box.network.height << (normalization.swapRB ? ", swapped" : ""));
    const std::vector<float> expected = planesByOpenCV(image, box, normalization);
    for (const std::int64_t target : targets()) {
      useTargets(target);
      Guarded planes(expected.size(), kUnwritten);
      letterboxer_.write(image, box, normalization, planes.data());
      EXPECT_EQ(differences(planes, expected), 0u)
          << "of " << expected.size() << " values, " << hwy::TargetName(target);
      // Written again over it as if the border stood, and then it does.
      letterboxer_.write(image, box, normalization, planes.data(), Border::Keep);
      EXPECT_EQ(differences(planes, expected), 0u) << "border kept, " << hwy::TargetName(target);
      EXPECT_TRUE(planes.guardsIntact()) << hwy::TargetName(target);
      EXPECT_EQ(scaledDifferences(image, box), 0u) << "of the scaled bytes, " << hwy::TargetName(target);
    }
    useTargets(0);
  }

  // Bytes of the scaled image, written in two parts, that are not OpenCV's.
  std::size_t scaledDifferences(const ImageView& image, const Letterbox& box) {
    const cv::Mat expected =
        letterboxedByOpenCV(image, box, 0)(cv::Rect(box.left, box.top, box.scaled.width, box.scaled.height));
    const std::size_t pitch = Letterboxer::scaledPitch(box.scaled.width);
    std::vector<std::uint8_t> pixels(pitch * static_cast<std::size_t>(box.scaled.height));
    const int middle = box.scaled.height / 3;
    letterboxer_.scaleRows(image, box.scaled, 0, middle, pixels.data());
    letterboxer_.scaleRows(image, box.scaled, middle, box.scaled.height,
                           pixels.data() + static_cast<std::size_t>(middle) * pitch);
    std::size_t count = 0;
    for (int y = 0; y < expected.rows; ++y) {
      const std::uint8_t* const row = pixels.data() + static_cast<std::size_t>(y) * pitch;
      for (int x = 0; x < expected.cols; ++x) {
        count += std::memcmp(row + 4 * x, expected.ptr<std::uint8_t>(y) + 3 * x, 3) != 0;
      }
    }
    return count;
  }

  void checkFit(const TestImage& image, Size network, bool swapRB = false) {
    Normalization normalization;
    normalization.swapRB = swapRB;
    check(image.view(), Letterbox::fit(image.view().size, network), normalization);
  }

  Letterboxer letterboxer_;  // one for a whole test, so that what it keeps from call to call is tested too
};

constexpr Size kNetworks[] = {{640, 640}, {320, 640}, {640, 320}, {224, 224}, {333, 517}, {97, 61}};

TEST_F(LetterboxTest, RandomSizesEqualOpenCV) {
  Random random(20240607);
  for (int i = 0; i < test::rounds(600); ++i) {
    const Size size{magnitude(random, 4000), magnitude(random, 3000)};
    const int channels = std::vector<int>{1, 3, 4}[static_cast<std::size_t>(random.between(0, 2))];
    const auto padding = static_cast<std::size_t>(random.between(0, 1) * random.between(1, 67));
    const auto content = static_cast<Content>(random.between(0, 2));
    const TestImage image(size, channels, padding, content, random());
    checkFit(image, kNetworks[random.between(0, 5)], random.between(0, 1) == 1);
    if (HasFailure()) {
      return;  // one size is enough to look for the cause
    }
  }
}

// Uniformly drawn sizes too: these are the usual pictures, and none is small.
TEST_F(LetterboxTest, PicturesEqualOpenCV) {
  Random random(7);
  for (int i = 0; i < test::rounds(16); ++i) {
    const Size size{random.between(200, 4000), random.between(200, 3000)};
    const TestImage image(size, 3, static_cast<std::size_t>(i % 4), Content::kNoise, random());
    checkFit(image, {640, 640}, i % 2 == 1);
  }
}

TEST_F(LetterboxTest, UsualAndExtremeSizesEqualOpenCV) {
  const Size sizes[] = {{1920, 1080}, {3840, 2160}, {1280, 720}, {1280, 1280}, {640, 640}, {320, 240},  {320, 320},
                        {1080, 1920}, {639, 641},   {641, 639},  {1, 1},       {2, 1},     {1, 2},      {2, 2},
                        {3, 5},       {20000, 1},   {1, 20000},  {1, 3000},    {3000, 1},  {20000, 30}, {15, 20000},
                        {7, 640},     {640, 7},     {33, 640},   {31, 17}};
  std::uint64_t seed = 1;
  for (const Size size : sizes) {
    for (const int channels : test::byTurns<int>({1, 3, 4}, seed / 3)) {
      const TestImage image(size, channels, seed % 3, Content::kNoise, seed);
      checkFit(image, {640, 640}, seed % 2 == 0);
      ++seed;
    }
  }
}

// Every width up to a few vectors, so that every remainder of a row is written.
TEST_F(LetterboxTest, EveryNarrowWidthEqualsOpenCV) {
  for (int width = 1; width <= 70; ++width) {
    for (const int channels : {1, 3, 4}) {
      const TestImage image({2 * width + 1, 9}, channels, 0, Content::kNoise, static_cast<std::uint64_t>(width));
      checkFit(image, {width, 11});
      const TestImage small({width / 3 + 1, 3}, channels, 0, Content::kNoise, static_cast<std::uint64_t>(width));
      checkFit(small, {width, 11});
    }
  }
}

TEST_F(LetterboxTest, RectEqualsOpenCV) {
  Random random(11);
  for (int i = 0; i < test::rounds(40); ++i) {
    const Size size{random.between(1, 1500), random.between(1, 1500)};
    const TestImage image(size, 3, 5, Content::kNoise, random());
    check(image.view(), Letterbox::fitRect(size, {640, 640}, 32), {});
  }
}

TEST_F(LetterboxTest, StretchedEqualsOpenCV) {
  for (const Size size : {Size{810, 1080}, {640, 320}, {320, 1280}, {1280, 641}, {1, 500}, {333, 2}, {64, 64}}) {
    const TestImage image(size, 3, 5, Content::kNoise, 3);
    check(image.view(), Letterbox::stretch(size, {160, 96}), {});
    check(image.view(), Letterbox::stretch(size, {640, 640}), {});
  }
}

TEST_F(LetterboxTest, ASecondImageOfTheSameSizeIsReadAnew) {
  const TestImage first({301, 203}, 3, 0, Content::kNoise, 1);
  const TestImage second({301, 203}, 3, 0, Content::kNoise, 2);
  checkFit(first, {640, 640});
  checkFit(second, {640, 640});
}

TEST_F(LetterboxTest, TablesFollowChannelsAndNetwork) {
  const TestImage colour({300, 200}, 3, 0, Content::kNoise, 3);
  const TestImage alpha({300, 200}, 4, 0, Content::kNoise, 4);
  const TestImage grey({300, 200}, 1, 0, Content::kNoise, 5);
  for (const TestImage* image : {&colour, &alpha, &grey, &colour, &grey, &alpha}) {
    checkFit(*image, {640, 640});
    checkFit(*image, {224, 224});
  }
}

// All 256 values through every target's division, and each in each position of a vector.
TEST_F(LetterboxTest, EveryValueIsDividedBy255Exactly) {
  TestImage image({256, 64}, 3, 0, Content::kNoise, 1);
  for (int y = 0; y < 64; ++y) {
    for (int x = 0; x < 256; ++x) {
      for (int channel = 0; channel < 3; ++channel) {
        image.at(x, y, channel) = static_cast<std::uint8_t>(x + y + channel * 85);
      }
    }
  }
  checkFit(image, {256, 64});
}

TEST_F(LetterboxTest, NormalizationIsRoundedAtEveryStep) {
  Normalization normalization;
  normalization.mean = {0.485f, 0.456f, 0.406f};
  normalization.std = {0.229f, 0.224f, 0.225f};
  for (const bool swapRB : {false, true}) {
    normalization.swapRB = swapRB;
    for (const int channels : {1, 3, 4}) {
      const TestImage image({517, 389}, channels, 1, Content::kNoise, 9);
      check(image.view(), Letterbox::fit(image.view().size, {640, 640}), normalization);
      check(image.view(), Letterbox::fit(image.view().size, {333, 517}), normalization);
    }
  }
}

TEST_F(LetterboxTest, OnlyMeanOrOnlyStdCounts) {
  const TestImage image({100, 80}, 3, 0, Content::kNoise, 9);
  const Letterbox box = Letterbox::fit(image.view().size, {224, 224});
  Normalization onlyMean;
  onlyMean.mean = {0.0f, 0.0f, 0.5f};
  check(image.view(), box, onlyMean);
  Normalization onlyStd;
  onlyStd.std = {1.0f, 0.25f, 1.0f};
  check(image.view(), box, onlyStd);
}

TEST_F(LetterboxTest, BorderValueIsNormalizedToo) {
  const TestImage image({100, 50}, 3, 0, Content::kNoise, 3);
  const Letterbox box = Letterbox::fit(image.view().size, {224, 224});
  for (const float border : {0.0f, 255.0f, 77.0f}) {
    Normalization normalization;
    normalization.border = border;
    check(image.view(), box, normalization);
    normalization.mean = {0.1f, 0.2f, 0.3f};
    normalization.std = {0.4f, 0.5f, 0.6f};
    check(image.view(), box, normalization);
  }
  // Between two 8-bit values, where OpenCV's border cannot go.
  Normalization between;
  between.border = 127.5f;
  std::vector<float> planes(planesSize(box));
  letterboxer_.write(image.view(), box, between, planes.data());
  EXPECT_EQ(planes.front(), 0.5f);
  EXPECT_EQ(planes.back(), 0.5f);
}

TEST_F(LetterboxTest, AKeptBorderIsNotTouched) {
  const TestImage image({50, 20}, 3, 0, Content::kNoise, 5);
  const Letterbox box = Letterbox::fit(image.view().size, {97, 61});
  std::vector<float> whole(3 * 97 * 61), kept(whole.size(), -1.0F);
  letterboxer_.write(image.view(), box, {}, whole.data());
  letterboxer_.write(image.view(), box, {}, kept.data(), Border::Keep);
  for (int i = 0; i < static_cast<int>(whole.size()); ++i) {
    const int x = i % 97 - box.left;
    const int y = i / 97 % 61 - box.top;
    const bool inside = x >= 0 && x < box.scaled.width && y >= 0 && y < box.scaled.height;
    ASSERT_EQ(kept[static_cast<std::size_t>(i)], inside ? whole[static_cast<std::size_t>(i)] : -1.0F) << i;
  }
}

TEST_F(LetterboxTest, AMovedLetterboxerWorks) {
  const TestImage image({301, 203}, 3, 0, Content::kNoise, 6);
  const Letterbox box = Letterbox::fit(image.view().size, {224, 224});
  const std::vector<float> expected = planesByOpenCV(image.view(), box, {});
  Letterboxer first;
  Guarded planes(expected.size(), kUnwritten);
  first.write(image.view(), box, {}, planes.data());
  Letterboxer second(std::move(first));
  Guarded planesOfSecond(expected.size(), kUnwritten);
  second.write(image.view(), box, {}, planesOfSecond.data());
  EXPECT_EQ(differences(planesOfSecond, expected), 0u);
  Letterboxer third;
  third = std::move(second);
  Guarded planesOfThird(expected.size(), kUnwritten);
  third.write(image.view(), box, {}, planesOfThird.data());
  EXPECT_EQ(differences(planesOfThird, expected), 0u);
}

TEST_F(LetterboxTest, SeveralTargetsAreTested) {
#if HWY_ARCH_X86
  EXPECT_GE(targets().size(), 2u);
#else
  EXPECT_GE(targets().size(), 1u);
#endif
  for (const std::int64_t target : targets()) {
    useTargets(target);
    EXPECT_EQ(hwy::SupportedTargets(), target) << hwy::TargetName(target);
  }
}

}  // namespace
}  // namespace trtyolo
