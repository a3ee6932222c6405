// The GPU letterbox's arithmetic, run pixel by pixel on this machine, against the letterbox of the CPU, to the bit.
#include "image/cuda/letterbox_pixel.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "image/letterbox.hpp"
#include "image/resize_arithmetic.hpp"
#include "image/test_image.hpp"

namespace trtyolo::cuda {
namespace {

using test::magnitude;
using test::noise;
using test::Random;
using test::TestImage;

template <int kChannels>
Pixel pixelAt(const ImageView& image, const Letterbox& box, int x, int y) {
  const ColumnTaps column = columnTaps(positionAt(x, sourceStep(box.source.width, box.scaled.width)), box.source.width);
  const RowTaps row = rowTaps(positionAt(y, sourceStep(box.source.height, box.scaled.height)), box.source.height);
  const auto bytesOf = [&](int number) {
    const std::uint8_t* const from = image.data + static_cast<std::size_t>(number) * image.pitch;
    return readsWords<kChannels>(column, box.source.width) ? loadTaps<kChannels, true>(from, column)
                                                           : loadTaps<kChannels, false>(from, column);
  };
  return pixelOf<kChannels>(bytesOf(row.source0), bytesOf(row.source1), column, row);
}

Pixel pixelAt(const ImageView& image, const Letterbox& box, int x, int y) {
  return image.channels == 1   ? pixelAt<1>(image, box, x, y)
         : image.channels == 3 ? pixelAt<3>(image, box, x, y)
                               : pixelAt<4>(image, box, x, y);
}

std::size_t differences(const ImageView& image, const Letterbox& box, const Normalization& normalization) {
  const auto width = static_cast<std::size_t>(box.network.width);
  const std::size_t area = width * static_cast<std::size_t>(box.network.height);
  std::vector<float> expected(3 * area);
  Letterboxer().write(image, box, normalization, expected.data());
  std::size_t count = 0;
  for (int y = 0; y < box.scaled.height; ++y) {
    for (int x = 0; x < box.scaled.width; ++x) {
      const Pixel pixel = pixelAt(image, box, x, y);
      const std::size_t at = static_cast<std::size_t>(box.top + y) * width + static_cast<std::size_t>(box.left + x);
      for (std::size_t plane = 0; plane < 3; ++plane) {
        const std::uint32_t byte = channelOf(pixel, static_cast<int>(normalization.swapRB ? 2 - plane : plane));
        const float value = normalized(divideBy255(byte), normalization.mean[plane], normalization.std[plane]);
        count += value != expected[plane * area + at];
      }
    }
  }
  return count;
}

void check(const TestImage& image, Size network, const Normalization& normalization) {
  const ImageView& view = image.view();
  EXPECT_EQ(differences(view, Letterbox::fit(view.size, network), normalization), 0u)
      << view.size.width << " x " << view.size.height << " x " << view.channels << ", pitch " << view.pitch << ", into "
      << network.width << " x " << network.height;
}

TEST(LetterboxPixel, RandomSizesEqualTheLetterbox) {
  constexpr Size kNetworks[] = {{320, 320}, {160, 320}, {320, 160}, {224, 224}, {333, 217}, {97, 61}};
  Random random(1);
  for (int i = 0; i < 300; ++i) {
    const Size size{magnitude(random, 3000), magnitude(random, 2000)};
    const TestImage image =
        noise(random, size, i % 3 == 0 ? 1 : i % 3 + 2, random() % 2 * (random() % 67), random() % 16);
    Normalization normalization;
    normalization.swapRB = random() % 2 == 0;
    if (random() % 2 == 0) {
      normalization.mean = {0.485f, 0.456f, 0.406f};
      normalization.std = {0.229f, 0.224f, 0.225f};
    }
    check(image, kNetworks[random() % std::size(kNetworks)], normalization);
    if (HasFailure()) {
      return;  // one size is enough to look for the cause
    }
  }
}

TEST(LetterboxPixel, UsualAndExtremeSizesEqualTheLetterbox) {
  constexpr Size kSizes[] = {{1920, 1080}, {1280, 720}, {640, 640}, {320, 240}, {1080, 1920},
                             {639, 641},   {1, 1},      {2, 1},     {1, 2},     {2, 2},
                             {3, 5},       {16384, 1},  {1, 16384}, {7, 640},   {640, 7}};
  Random random(2);
  for (const Size size : kSizes) {
    for (const int channels : {1, 3, 4}) {
      check(noise(random, size, channels, random() % 3, random() % 4), {640, 640}, {});
    }
  }
}

TEST(LetterboxPixel, EveryNarrowWidthEqualsTheLetterbox) {
  Random random(3);
  for (int width = 1; width <= 40; ++width) {
    for (const int channels : {1, 3, 4}) {
      check(noise(random, {2 * width + 1, 9}, channels, 1, random() % 4), {width, 11}, {});
      check(noise(random, {width / 3 + 1, 3}, channels, 0, random() % 4), {width, 11}, {});
    }
  }
}

TEST(LetterboxPixel, EveryByteIsDividedBy255Exactly) {
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    EXPECT_EQ(divideBy255(byte), static_cast<float>(byte) / 255.0f);
  }
}

TEST(LetterboxPixel, BytesAreLoadedFromEveryOffset) {
  alignas(4) std::uint8_t bytes[24];
  for (std::uint8_t i = 0; i < 24; ++i) {
    bytes[i] = static_cast<std::uint8_t>(i * 11 + 1);
  }
  for (int first = 4; first < 8; ++first) {
    for (int count = 1; count <= 12; ++count) {
      const LoadedBytes<12> words = loadBytes<12, true>(bytes + first, count);
      const LoadedBytes<12> single = loadBytes<12, false>(bytes + first, count);
      for (int i = 0; i < count; ++i) {
        EXPECT_EQ(words.byte(i), bytes[first + i]) << "byte " << i << " of " << count << " from " << first;
        EXPECT_EQ(single.byte(i), bytes[first + i]) << "byte " << i << " of " << count << " from " << first;
      }
    }
  }
}

}  // namespace
}  // namespace trtyolo::cuda
