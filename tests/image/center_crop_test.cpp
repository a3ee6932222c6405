// The center crop against Pillow and torchvision (by way of hashes of what they made), on every SIMD target that this
// machine runs.
#include "image/center_crop.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "hwy/highway.h"
#include "image/simd_targets.hpp"
#include "image/test_image.hpp"

namespace trtyolo {
namespace {

using test::Content;
using test::Guarded;
using test::kUnwritten;
using test::TestImage;

struct Case {
  int width;
  int height;
  int channels;
  int networkWidth;
  int networkHeight;
  std::uint64_t hash;
};

constexpr Case kCases[] = {
#include "image/center_crop_reference.inc"
};

TestImage imageOf(const Case& wanted, std::size_t number) {
  return TestImage({wanted.width, wanted.height}, wanted.channels, number % 4 * (number % 7),
                   static_cast<Content>(number % 3), number);
}

std::size_t areaOf(Size size) {
  return static_cast<std::size_t>(size.width) * static_cast<std::size_t>(size.height);
}

// The planes as bytes, which is what Pillow makes; every value must be one of the 256 quotients.
std::vector<std::uint8_t> bytesOf(const std::vector<float>& planes) {
  std::vector<std::uint8_t> bytes;
  bytes.reserve(planes.size());
  std::size_t strange = 0;
  for (const float value : planes) {
    const long byte = std::lround(std::clamp(value, 0.0f, 1.0f) * 255.0f);
    strange += value != static_cast<float>(byte) / 255.0f;
    bytes.push_back(static_cast<std::uint8_t>(byte));
  }
  EXPECT_EQ(strange, 0u) << "values that are no integer divided by 255";
  return bytes;
}

std::uint64_t hashOf(const std::vector<std::uint8_t>& bytes) {
  std::uint64_t hash = 0xCBF29CE484222325u;
  for (const std::uint8_t byte : bytes) {
    hash = (hash ^ byte) * 0x100000001B3u;
  }
  return hash;
}

std::vector<float> normalizedFrom(const std::vector<std::uint8_t>& bytes, const Normalization& normalization) {
  std::vector<float> planes;
  planes.reserve(bytes.size());
  const std::size_t area = bytes.size() / 3;
  for (std::size_t plane = 0; plane < 3; ++plane) {
    const std::size_t channel = normalization.swapRB ? 2 - plane : plane;
    for (std::size_t i = 0; i < area; ++i) {
      const float scaled = static_cast<float>(bytes[channel * area + i]) / 255.0f;
      const float centred = scaled - normalization.mean[plane];
      planes.push_back(centred / normalization.std[plane]);
    }
  }
  return planes;
}

class CenterCropTest : public test::SimdTargetsTest {
 protected:
  static std::vector<float> written(CenterCropper& cropper, const ImageView& image, Size network,
                                    const Normalization& normalization = {}) {
    Guarded planes(3 * areaOf(network), kUnwritten);
    cropper.write(image, network, normalization, planes.data());
    EXPECT_TRUE(planes.guardsIntact());
    return planes.inner();
  }

  std::vector<float> written(const TestImage& image, Size network, const Normalization& normalization = {}) {
    return written(cropper_, image.view(), network, normalization);
  }

  CenterCropper cropper_;  // one for a whole test, so that what it keeps from call to call is tested too
};

TEST_F(CenterCropTest, EqualsPillow) {
  ASSERT_GE(std::size(kCases), 200u);
  std::size_t number = 0;
  for (const Case& wanted : kCases) {
    SCOPED_TRACE(testing::Message() << "case " << number << ": " << wanted.width << " x " << wanted.height << " x "
                                    << wanted.channels << " into " << wanted.networkWidth << " x "
                                    << wanted.networkHeight);
    const TestImage image = imageOf(wanted, number++);
    for (const std::int64_t target : targets()) {
      useTargets(target);
      EXPECT_EQ(hashOf(bytesOf(written(image, {wanted.networkWidth, wanted.networkHeight}))), wanted.hash)
          << hwy::TargetName(target);
    }
    if (HasFailure()) {
      return;  // one size is enough to look for the cause
    }
  }
}

TEST_F(CenterCropTest, NormalizationIsRoundedAtEveryStep) {
  Normalization normalization;
  normalization.mean = {0.485f, 0.456f, 0.406f};
  normalization.std = {0.229f, 0.224f, 0.225f};
  for (const bool swapRB : {false, true}) {
    normalization.swapRB = swapRB;
    for (const int channels : {1, 3, 4}) {
      const TestImage image({517, 389}, channels, 1, Content::kNoise, 9);
      for (const Size network : {Size{224, 224}, Size{97, 61}}) {
        for (const std::int64_t target : targets()) {
          useTargets(target);
          const std::vector<std::uint8_t> bytes = bytesOf(written(image, network));
          EXPECT_EQ(written(image, network, normalization), normalizedFrom(bytes, normalization))
              << channels << " channels, " << hwy::TargetName(target);
        }
      }
    }
  }
}

TEST_F(CenterCropTest, ChannelsAreSwappedOnly) {
  Normalization swapped;
  swapped.swapRB = true;
  const TestImage image({301, 203}, 3, 5, Content::kNoise, 2);
  const std::vector<std::uint8_t> bytes = bytesOf(written(image, {224, 224}));
  EXPECT_EQ(written(image, {224, 224}, swapped), normalizedFrom(bytes, swapped));
  EXPECT_NE(written(image, {224, 224}, swapped), written(image, {224, 224}));
}

TEST_F(CenterCropTest, OnlyMeanOrOnlyStdCounts) {
  const TestImage image({100, 80}, 3, 0, Content::kNoise, 9);
  const std::vector<std::uint8_t> bytes = bytesOf(written(image, {64, 64}));
  Normalization onlyMean;
  onlyMean.mean = {0.0f, 0.0f, 0.5f};
  EXPECT_EQ(written(image, {64, 64}, onlyMean), normalizedFrom(bytes, onlyMean));
  Normalization onlyStd;
  onlyStd.std = {1.0f, 0.25f, 1.0f};
  EXPECT_EQ(written(image, {64, 64}, onlyStd), normalizedFrom(bytes, onlyStd));
}

// All 256 values through every target's division, unscaled.
TEST_F(CenterCropTest, EveryValueIsDividedBy255Exactly) {
  TestImage image({256, 64}, 3, std::uint8_t{0});
  std::vector<float> expected(3 * 256 * 64);
  for (int i = 0; i < 3 * 256 * 64; ++i) {
    const int channel = i / (256 * 64);
    const int y = i / 256 % 64;
    const int x = i % 256;
    image.at(x, y, channel) = static_cast<std::uint8_t>(x + y + channel * 85);
    expected[static_cast<std::size_t>(i)] = static_cast<float>(image.at(x, y, channel)) / 255.0f;
  }
  for (const std::int64_t target : targets()) {
    useTargets(target);
    EXPECT_EQ(written(image, {256, 64}), expected) << hwy::TargetName(target);
  }
}

// Every width up to a few vectors, so that every remainder of a row is written: an image as high as the network is not
// scaled, and the crop is a copy.
TEST_F(CenterCropTest, EveryNarrowWidthIsWritten) {
  for (int side = 1; side <= 70; ++side) {
    for (const int channels : {1, 3, 4}) {
      TestImage image({side + 5, side}, channels, 3, Content::kNoise, static_cast<std::uint64_t>(side));
      std::vector<float> expected;
      for (int plane = 0; plane < 3; ++plane) {
        for (int y = 0; y < side; ++y) {
          for (int x = 0; x < side; ++x) {
            // 5 / 2.0 = 2.5 goes to the even neighbour.
            expected.push_back(static_cast<float>(image.at(x + 2, y, channels == 1 ? 0 : plane)) / 255.0f);
          }
        }
      }
      for (const std::int64_t target : targets()) {
        useTargets(target);
        EXPECT_EQ(written(image, {side, side}), expected)
            << side << " pixels, " << channels << " channels, " << hwy::TargetName(target);
      }
    }
  }
}

TEST_F(CenterCropTest, GreyEqualsThreeEqualChannels) {
  for (const Size size : {Size{640, 480}, Size{31, 500}, Size{5, 3}, Size{1, 1}}) {
    TestImage grey(size, 1, 2, Content::kNoise, 4);
    TestImage colour(size, 3, std::uint8_t{0});
    for (int y = 0; y < size.height; ++y) {
      for (int x = 0; x < size.width; ++x) {
        for (int channel = 0; channel < 3; ++channel) {
          colour.at(x, y, channel) = grey.at(x, y, 0);
        }
      }
    }
    for (const Size network : {Size{224, 224}, Size{97, 61}}) {
      EXPECT_EQ(written(grey, network), written(colour, network)) << size.width << " x " << size.height;
    }
  }
}

TEST_F(CenterCropTest, TheFourthChannelIsIgnored) {
  for (const Size size : {Size{640, 480}, Size{31, 500}, Size{5, 3}, Size{1, 1}}) {
    TestImage four(size, 4, 1, Content::kNoise, 5);
    TestImage three(size, 3, std::uint8_t{0});
    for (int y = 0; y < size.height; ++y) {
      for (int x = 0; x < size.width; ++x) {
        for (int channel = 0; channel < 3; ++channel) {
          three.at(x, y, channel) = four.at(x, y, channel);
        }
      }
    }
    for (const Size network : {Size{224, 224}, Size{97, 61}}) {
      EXPECT_EQ(written(four, network), written(three, network)) << size.width << " x " << size.height;
    }
  }
}

// The same pixels with other bytes between the rows, or none.
TEST_F(CenterCropTest, BytesBetweenRowsPlayNoPart) {
  for (const int channels : {1, 3, 4}) {
    const TestImage tight({203, 157}, channels, 0, Content::kGradient, 1);
    const std::vector<float> expected = written(tight, {64, 64});
    for (const std::size_t padding : {1u, 2u, 5u, 64u}) {
      const TestImage padded({203, 157}, channels, padding, Content::kGradient, padding);
      EXPECT_EQ(written(padded, {64, 64}), expected) << padding << " bytes, " << channels << " channels";
    }
  }
}

TEST_F(CenterCropTest, ASecondImageOfTheSameSizeIsReadAnew) {
  const TestImage first({301, 203}, 3, 0, Content::kNoise, 1);
  const TestImage second({301, 203}, 3, 0, Content::kNoise, 2);
  CenterCropper fresh;
  const std::vector<float> expected = written(fresh, second.view(), {224, 224});
  EXPECT_NE(written(first, {224, 224}), expected);
  EXPECT_EQ(written(second, {224, 224}), expected);
}

TEST_F(CenterCropTest, TablesFollowTheGeometry) {
  const TestImage images[] = {
      TestImage({300, 200}, 3, 0, Content::kNoise, 3), TestImage({300, 200}, 4, 0, Content::kNoise, 4),
      TestImage({300, 200}, 1, 0, Content::kNoise, 5), TestImage({200, 300}, 3, 0, Content::kNoise, 6),
      TestImage({3000, 2}, 3, 0, Content::kNoise, 7),  TestImage({1, 1}, 3, 0, Content::kNoise, 8)};
  const Size networks[] = {{224, 224}, {64, 64}, {224, 64}, {64, 224}};
  for (std::size_t i = 0; i < 200; ++i) {
    const TestImage& image = images[i * 7 % std::size(images)];
    const Size network = networks[i / 3 % std::size(networks)];
    CenterCropper fresh;
    ASSERT_EQ(written(image, network), written(fresh, image.view(), network)) << "call " << i;
  }
}

// Scaled as a whole, the longest would have 235 million columns.
TEST_F(CenterCropTest, LongImagesAreCroppedBeforeTheyAreScaled) {
  for (const Size size : {Size{1 << 20, 1}, Size{1, 1 << 20}, Size{20000, 3}, Size{3, 20000}, Size{1, 1}}) {
    for (const int channels : {1, 3, 4}) {
      const TestImage image(size, channels, std::uint8_t{177});
      for (const Size network : {Size{224, 224}, Size{224, 160}, Size{1, 1}}) {
        const std::vector<float> planes = written(image, network);
        EXPECT_EQ(planes, std::vector<float>(planes.size(), 177.0f / 255.0f))
            << size.width << " x " << size.height << " x " << channels << " into " << network.width << " x "
            << network.height;
      }
    }
  }
}

TEST_F(CenterCropTest, AMovedCropperWorks) {
  const TestImage image({301, 203}, 3, 0, Content::kNoise, 6);
  CenterCropper first;
  const std::vector<float> expected = written(first, image.view(), {224, 224});
  CenterCropper second(std::move(first));
  EXPECT_EQ(written(second, image.view(), {224, 224}), expected);
  CenterCropper third;
  third = std::move(second);
  EXPECT_EQ(written(third, image.view(), {224, 224}), expected);
}

TEST_F(CenterCropTest, SeveralTargetsAreTested) {
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
