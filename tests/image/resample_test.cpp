// Scaling as Pillow and PyTorch do it, against what they made.
#include "image/resample.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "image/grey.hpp"
#include "image/test_image.hpp"

namespace trtyolo {
namespace {

using test::Content;
using test::Guarded;
using test::kUnwritten;
using test::TestImage;

struct PillowCase {
  int width, height, channels;
  int scaledWidth, scaledHeight;
  std::uint64_t hash;
};

struct RealCase {
  int width, height;
  int scaledWidth, scaledHeight;
  std::vector<double> planes;
};

#include "image/resample_reference.inc"

// As in resample_reference.py.
TestImage imageOf(Size size, int channels, std::size_t number) {
  return TestImage(size, channels, number % 4 * (number % 7), static_cast<Content>(number % 3), number);
}

std::uint64_t hashOf(const ImageView& image) {
  std::uint64_t hash = 0xCBF29CE484222325U;
  for (int y = 0; y < image.size.height; ++y) {
    for (int x = 0; x < image.size.width * image.channels; ++x) {
      hash = (hash ^ image.row(y)[x]) * 0x100000001B3U;
    }
  }
  return hash;
}

TEST(ResamplerTest, EqualsPillow) {
  Resampler resampler;  // one for all, so that what it keeps from call to call is tested too
  std::size_t number = 0;
  for (const PillowCase& wanted : kPillow) {
    SCOPED_TRACE(testing::Message() << wanted.width << " x " << wanted.height << " x " << wanted.channels << " to "
                                    << wanted.scaledWidth << " x " << wanted.scaledHeight);
    const TestImage image = imageOf({wanted.width, wanted.height}, wanted.channels, number++);
    const ImageView scaled = resampler.byPillow(image.view(), {wanted.scaledWidth, wanted.scaledHeight});
    EXPECT_EQ(scaled.size, (Size{wanted.scaledWidth, wanted.scaledHeight}));
    EXPECT_EQ(scaled.channels, wanted.channels);
    EXPECT_EQ(hashOf(scaled), wanted.hash);
  }
}

TEST(ResamplerTest, EqualsPyTorch) {
  Resampler resampler;
  std::size_t number = 0;
  for (const RealCase& wanted : kReal) {
    SCOPED_TRACE(testing::Message() << wanted.width << " x " << wanted.height << " to " << wanted.scaledWidth << " x "
                                    << wanted.scaledHeight);
    const TestImage image = imageOf({wanted.width, wanted.height}, 3, number);
    number += 3;
    const Letterbox box = Letterbox::stretch({wanted.width, wanted.height}, {wanted.scaledWidth, wanted.scaledHeight});
    Guarded planes(wanted.planes.size(), kUnwritten);
    resampler.writeReal(image.view(), box, {}, planes.data());
    EXPECT_TRUE(planes.guardsIntact());
    for (std::size_t i = 0; i < wanted.planes.size(); ++i) {
      EXPECT_NEAR(static_cast<double>(planes.data()[i]), wanted.planes[i], 1e-6) << i;
    }
  }
}

// With a border, and planes that have means and deviations and another order.
TEST(ResamplerTest, RealNumbersAreNormalizedAndPlaced) {
  TestImage image({2, 1}, 4, 0);
  for (int channel = 0; channel < 3; ++channel) {
    image.at(0, 0, channel) = static_cast<std::uint8_t>(50 * (channel + 1));
    image.at(1, 0, channel) = static_cast<std::uint8_t>(50 * (channel + 1));
  }
  Normalization normalization;
  normalization.mean = {0.1F, 0.2F, 0.3F};
  normalization.std = {0.5F, 0.25F, 2.0F};
  normalization.border = 51;
  normalization.swapRB = true;
  const Letterbox box = Letterbox::fit({2, 1}, {4, 4});  // a row of border above and below
  std::vector<float> planes(48, kUnwritten);
  Resampler().writeReal(image.view(), box, normalization, planes.data());
  for (std::size_t i = 0; i < planes.size(); ++i) {
    const std::size_t plane = i / 16, row = i % 16 / 4;
    const float value = row == 0 || row == 3 ? 51.0F : 50.0F * static_cast<float>(3 - plane);
    EXPECT_NEAR(planes[i], (value / 255.0F - normalization.mean.at(plane)) / normalization.std.at(plane), 1e-6F) << i;
  }
}

TEST(ResamplerTest, GreyImagesFillAllPlanes) {
  const TestImage image({3, 3}, 1, 0, Content::kNoise, 5);
  std::vector<float> planes(27, kUnwritten);
  Resampler().writeReal(image.view(), Letterbox::stretch({3, 3}, {3, 3}), {}, planes.data());
  for (std::size_t i = 0; i < planes.size(); ++i) {
    const int pixel = static_cast<int>(i % 9);
    EXPECT_NEAR(planes[i], static_cast<float>(image.view().row(pixel / 3)[pixel % 3]) / 255.0F, 1e-6F) << i;
  }
}

// Numbers of OpenCV's cvtColor.
TEST(GreyTest, EqualsOpenCV) {
  struct GreyCase {
    std::uint8_t red, green, blue, grey;
  };
  constexpr GreyCase kGrey[] = {{0, 0, 0, 0},     {255, 255, 255, 255}, {255, 0, 0, 76},
                                {0, 255, 0, 150}, {0, 0, 255, 29},      {90, 120, 100, 109}};
  for (const int channels : {3, 4}) {
    for (const GreyCase& wanted : kGrey) {
      for (const bool bgr : {false, true}) {
        TestImage image({5, 2}, channels, 0);
        image.at(4, 1, 0) = bgr ? wanted.blue : wanted.red;
        image.at(4, 1, 1) = wanted.green;
        image.at(4, 1, 2) = bgr ? wanted.red : wanted.blue;
        std::vector<std::uint8_t> memory;
        const ImageView grey = greyOf(image.view(), bgr, memory);
        EXPECT_EQ(grey.size, (Size{5, 2}));
        EXPECT_EQ(grey.channels, 1);
        EXPECT_EQ(grey.row(1)[4], wanted.grey);
        EXPECT_EQ(grey.row(1)[3], 0);
      }
    }
  }
  const TestImage already({2, 2}, 1, 7);
  std::vector<std::uint8_t> memory;
  EXPECT_EQ(greyOf(already.view(), true, memory).data, already.view().data);
}

}  // namespace
}  // namespace trtyolo
