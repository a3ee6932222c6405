// The GPU center crop's table and arithmetic, run pixel by pixel on this machine, against the center crop of the CPU,
// to the bit.
#include "image/cuda/center_crop_pixel.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "image/center_crop.hpp"
#include "image/cuda/crop_table.hpp"
#include "image/resize_arithmetic.hpp"
#include "image/test_image.hpp"

namespace trtyolo::cuda {
namespace {

using test::magnitude;
using test::noise;
using test::Random;
using test::TestImage;

// A table with guards before and after.
class GuardedTable : public test::Guarded<std::int32_t> {
 public:
  GuardedTable(Size image, Size network)
      : Guarded(cropTableBytes(image, network) / sizeof(std::int32_t), -77),
        rows_(fillCropTable(image, network, data())) {}

  RowRange rows() const { return rows_; }

 private:
  RowRange rows_;
};

// Column `x` of source row `number`.
template <int kChannels>
Pixel filtered(const ImageView& image, const CropTable& table, Size network, int x, int number) {
  const std::uint8_t* const row = image.data + static_cast<std::size_t>(number) * image.pitch;
  const int rowBytes = image.size.width * kChannels;
  CropSum<kUsedChannels<kChannels>> sum;
  sum.clear();
  for (int tap = 0; tap < table.columnTaps; tap += kCropGroup) {
    std::int32_t weights[kCropGroup];
    for (int i = 0; i < kCropGroup; ++i) {
      weights[i] = table.columnWeights[(tap + i) * network.width + x];
    }
    const int at = (table.columnFirst[x] + tap) * kChannels;
    addGroup<kChannels>(sum,
                        readsGroupByWords<kChannels>(at, rowBytes) ? loadGroup<kChannels, true>(row, at, rowBytes)
                                                                   : loadGroup<kChannels, false>(row, at, rowBytes),
                        weights);
  }
  return sum.pixel();
}

// Row `y` of source column `number`.
template <int kChannels>
Pixel blended(const ImageView& image, const CropTable& table, int y, int number) {
  CropSum<kUsedChannels<kChannels>> sum;
  sum.clear();
  for (int tap = 0; tap < table.rowCount[y]; ++tap) {
    const int row = table.rowFirst[y] + tap;
    addImagePixel<kChannels>(
        sum, image.data + static_cast<std::size_t>(row) * image.pitch + static_cast<std::size_t>(number) * kChannels,
        table.rowWeights[y * table.rowTaps + tap]);
  }
  return sum.pixel();
}

// All pixels of the crop, row after row.
template <int kChannels>
std::vector<Pixel> cropped(const ImageView& image, const CropTable& table, Size network) {
  std::vector<Pixel> pixels;
  std::vector<Pixel> line(static_cast<std::size_t>(std::max(image.size.width, image.size.height)));
  const auto sumOf = [&](int first, int count, const std::int32_t* weights, std::ptrdiff_t step) {
    CropSum<kUsedChannels<kChannels>> sum;
    sum.clear();
    for (int tap = 0; tap < count; ++tap, weights += step) {
      sum.add(line[static_cast<std::size_t>(first) + static_cast<std::size_t>(tap)], *weights);
    }
    return sum.pixel();
  };
  if (table.verticalFirst) {
    for (int y = 0; y < network.height; ++y) {
      for (int column = 0; column < image.size.width; ++column) {
        line[static_cast<std::size_t>(column)] = blended<kChannels>(image, table, y, column);
      }
      for (int x = 0; x < network.width; ++x) {
        pixels.push_back(sumOf(table.columnFirst[x], table.columnCount[x], table.columnWeights + x, network.width));
      }
    }
    return pixels;
  }
  pixels.resize(static_cast<std::size_t>(network.width) * static_cast<std::size_t>(network.height));
  for (int x = 0; x < network.width; ++x) {
    for (int row = 0; row < image.size.height; ++row) {
      line[static_cast<std::size_t>(row)] = filtered<kChannels>(image, table, network, x, row);
    }
    for (int y = 0; y < network.height; ++y) {
      pixels[static_cast<std::size_t>(y) * static_cast<std::size_t>(network.width) + static_cast<std::size_t>(x)] =
          sumOf(table.rowFirst[y], table.rowCount[y], table.rowWeights + static_cast<std::ptrdiff_t>(y) * table.rowTaps,
                1);
    }
  }
  return pixels;
}

void check(const TestImage& image, Size network) {
  const ImageView& view = image.view();
  SCOPED_TRACE(testing::Message() << view.size.width << " x " << view.size.height << " x " << view.channels
                                  << ", pitch " << view.pitch << ", into " << network.width << " x " << network.height);
  const GuardedTable memory(view.size, network);
  EXPECT_TRUE(memory.guardsIntact());
  const CropTable table = cropTableAt(memory.data(), network);
  const std::vector<Pixel> pixels = view.channels == 1   ? cropped<1>(view, table, network)
                                    : view.channels == 3 ? cropped<3>(view, table, network)
                                                         : cropped<4>(view, table, network);
  std::vector<float> expected(3 * pixels.size());
  CenterCropper().write(view, network, {}, expected.data());
  std::size_t differences = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const auto plane = static_cast<int>(i / pixels.size());
    differences += divideBy255(channelOf(pixels[i % pixels.size()], plane)) != expected[i];
  }
  EXPECT_EQ(differences, 0u) << "of " << expected.size();
}

TEST(CenterCropPixel, RandomSizesEqualTheCenterCrop) {
  constexpr Size kNetworks[] = {{64, 64}, {96, 96}, {50, 70}, {64, 33}, {1, 1}};
  Random random(1);
  for (int i = 0; i < 300; ++i) {
    const Size size{magnitude(random, 900), magnitude(random, 900)};
    const TestImage image =
        noise(random, size, i % 3 == 0 ? 1 : i % 3 + 2, random() % 2 * (random() % 67), random() % 16);
    check(image, kNetworks[random() % std::size(kNetworks)]);
    if (testing::Test::HasFailure()) {
      return;  // one size is enough to look for the cause
    }
  }
}

// 300 x 900 and 500 x 1700 begin with the rows.
TEST(CenterCropPixel, UsualAndExtremeSizesEqualTheCenterCrop) {
  constexpr Size kSizes[] = {{640, 480}, {480, 640}, {224, 224}, {300, 900}, {500, 1700}, {1, 1},
                             {2, 1},     {1, 2},     {3, 5},     {16384, 1}, {1, 16384},  {5000, 3}};
  Random random(2);
  for (const Size size : kSizes) {
    for (const int channels : {1, 3, 4}) {
      const TestImage image = noise(random, size, channels, random() % 3, random() % 4);
      check(image, {224, 224});
      check(image, {96, 32});
    }
  }
}

TEST(CenterCropPixel, EveryNarrowWidthEqualsTheCenterCrop) {
  Random random(3);
  for (int width = 1; width <= 40; ++width) {
    for (const int channels : {1, 3, 4}) {
      check(noise(random, {width, 9}, channels, 1, random() % 4), {9, 9});
      check(noise(random, {width, 4}, channels, 0, random() % 4), {7, 3});
    }
  }
}

TEST(CropTable, BothOrdersOfThePassesOccur) {
  const auto verticalFirst = [](Size image, Size network) {
    return cropTableAt(GuardedTable(image, network).data(), network).verticalFirst;
  };
  EXPECT_FALSE(verticalFirst({1920, 1080}, {224, 224}));
  EXPECT_TRUE(verticalFirst({300, 900}, {224, 224}));
}

TEST(CropTable, FitsIntoWhatItSaysItNeeds) {
  Random random(4);
  for (int i = 0; i < 1000; ++i) {
    const Size image{magnitude(random, 16384), magnitude(random, 16384)};
    const Size network{magnitude(random, 300), i % 2 == 0 ? magnitude(random, 300) : 0};
    const Size square{network.width, network.height == 0 ? network.width : network.height};
    const GuardedTable table(image, square);
    ASSERT_TRUE(table.guardsIntact()) << image.width << " x " << image.height << " into " << square.width << " x "
                                      << square.height;
    ASSERT_EQ(cropTableBytes(image, square) % 16, 0u);
  }
}

TEST(CropTable, TakesWhatItsDescriptionSays) {
  EXPECT_NEAR(static_cast<double>(cropTableBytes({1920, 1080}, {224, 224})), 24e3, 2e3);
  EXPECT_NEAR(static_cast<double>(cropTableBytes({3840, 2160}, {224, 224})), 43e3, 2e3);
  EXPECT_NEAR(static_cast<double>(cropTableBytes({16384, 16384}, {224, 224})), 270e3, 2e3);
}

// What the crop drops, and only that, may change without being seen.
TEST(CropTable, NamesTheRowsThatAreRead) {
  Random random(5);
  for (const Size size : {Size{300, 900}, Size{300, 500}, Size{640, 480}, Size{10, 400}, Size{31, 33}}) {
    TestImage image = noise(random, size, 3, 0, 0);
    const Size network{64, 64};
    const RowRange rows = GuardedTable(size, network).rows();
    ASSERT_GE(rows.first, 0);
    ASSERT_LT(rows.first, rows.end);
    ASSERT_LE(rows.end, size.height);
    const auto cropOf = [&] {
      std::vector<float> planes(std::size_t{3} * 64 * 64);
      CenterCropper().write(image.view(), network, {}, planes.data());
      return planes;
    };
    const std::vector<float> expected = cropOf();
    const auto invert = [&](int row) {
      std::uint8_t* const start = image.row(row);
      std::transform(start, start + image.view().pitch, start,
                     [](std::uint8_t byte) { return static_cast<std::uint8_t>(~byte); });
    };
    for (int row = 0; row < size.height; ++row) {
      if (row < rows.first || row >= rows.end) {
        invert(row);
      }
    }
    EXPECT_EQ(cropOf(), expected) << size.width << " x " << size.height;
    invert((rows.first + rows.end) / 2);
    EXPECT_NE(cropOf(), expected) << size.width << " x " << size.height;
  }
}

}  // namespace
}  // namespace trtyolo::cuda
