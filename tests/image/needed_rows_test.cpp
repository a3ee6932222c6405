// Which rows of an image its letterbox reads.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <set>
#include <vector>

#include "image/letterbox.hpp"
#include "image/resize_arithmetic.hpp"

namespace trtyolo {
namespace {

std::vector<int> rowsOf(const Letterbox& box) {
  std::vector<int> rows = {-5, 99};  // what was there plays no part
  neededRows(box, rows);
  return rows;
}

int magnitude(std::mt19937& random, int highest) {
  const double share = static_cast<double>(random()) / 4294967296.0;
  return std::clamp(static_cast<int>(std::pow(highest + 1.0, share)), 1, highest);
}

std::vector<float> letterboxed(const std::vector<std::uint8_t>& pixels, const Letterbox& box) {
  ImageView image;
  image.data = pixels.data();
  image.size = box.source;
  image.channels = 3;
  image.pitch = static_cast<std::size_t>(box.source.width) * 3;
  std::vector<float> planes(3 * static_cast<std::size_t>(box.network.width) *
                            static_cast<std::size_t>(box.network.height));
  Letterboxer().write(image, box, {}, planes.data());
  return planes;
}

TEST(NeededRows, RowsThatAreNotListedPlayNoPart) {
  constexpr Size kNetworks[] = {{64, 64}, {64, 96}, {33, 21}};
  std::mt19937 random(4);
  for (int i = 0; i < 300; ++i) {
    const Size size{magnitude(random, 300), i % 4 == 0 ? 64 * (i / 4 % 9 + 1) : magnitude(random, 900)};
    const Letterbox box = Letterbox::fit(size, kNetworks[random() % std::size(kNetworks)]);
    SCOPED_TRACE(testing::Message() << size.width << " x " << size.height << " into " << box.network.width << " x "
                                    << box.network.height);
    const std::vector<int> rows = rowsOf(box);
    ASSERT_FALSE(rows.empty());
    EXPECT_TRUE(std::is_sorted(rows.begin(), rows.end(), std::less_equal<>())) << "each once, rising";
    ASSERT_GE(rows.front(), 0);
    ASSERT_LT(rows.back(), size.height);

    const std::size_t rowBytes = static_cast<std::size_t>(size.width) * 3;
    std::vector<std::uint8_t> pixels(rowBytes * static_cast<std::size_t>(size.height));
    std::generate(pixels.begin(), pixels.end(), [&] { return static_cast<std::uint8_t>(random() >> 24); });
    const std::vector<float> expected = letterboxed(pixels, box);
    for (int row = 0; row < size.height; ++row) {
      if (!std::binary_search(rows.begin(), rows.end(), row)) {
        const auto start = pixels.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(row) * rowBytes);
        std::transform(start, start + static_cast<std::ptrdiff_t>(rowBytes), start,
                       [](std::uint8_t byte) { return static_cast<std::uint8_t>(~byte); });
      }
    }
    ASSERT_EQ(letterboxed(pixels, box), expected);
  }
}

// Rows in black, one of them white: a row with more than a trace of weight is seen in the output.
TEST(NeededRows, ListedRowsPlayAPart) {
  for (const Size size : {Size{3, 300}, Size{3, 192}, Size{3, 200}, Size{2, 40}, Size{1, 7}}) {
    const Letterbox box = Letterbox::fit(size, {64, 64});
    const std::size_t rowBytes = static_cast<std::size_t>(size.width) * 3;
    std::vector<std::uint8_t> pixels(rowBytes * static_cast<std::size_t>(size.height));
    const std::vector<float> black = letterboxed(pixels, box);
    for (const int row : rowsOf(box)) {
      const auto start = pixels.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(row) * rowBytes);
      std::fill_n(start, rowBytes, std::uint8_t{255});
      EXPECT_NE(letterboxed(pixels, box), black) << "row " << row << " of " << size.height;
      std::fill_n(start, rowBytes, std::uint8_t{0});
    }
  }
}

TEST(NeededRows, AWholeRatioNeedsOneRowOrTwo) {
  std::vector<int> expected;
  expected.reserve(360);
  for (int y = 0; y < 360; ++y) {
    expected.push_back(3 * y + 1);
  }
  EXPECT_EQ(rowsOf(Letterbox::fit({1920, 1080}, {640, 640})), expected);

  const Letterbox half = Letterbox::fit({1280, 720}, {640, 640});  // halfway between two rows: all of them
  EXPECT_EQ(rowsOf(half).size(), 720u);
  const Letterbox same = Letterbox::fit({640, 640}, {640, 640});
  EXPECT_EQ(rowsOf(same).size(), 640u);
}

TEST(NeededRows, EnlargingNeedsAllRows) {
  for (const Size size : {Size{1, 1}, Size{64, 48}, Size{97, 100}, Size{5, 3}}) {
    EXPECT_EQ(rowsOf(Letterbox::fit(size, {640, 640})).size(), static_cast<std::size_t>(size.height));
  }
}

TEST(NeededRows, TheListIsThatOfAllWeights) {
  std::mt19937 random(5);
  for (int i = 0; i < 500; ++i) {
    const Size size{magnitude(random, 16384), magnitude(random, 16384)};
    const Letterbox box = Letterbox::fit(size, {640, 640});
    std::set<int> weighted;
    const double step = sourceStep(size.height, box.scaled.height);
    for (int y = 0; y < box.scaled.height; ++y) {
      const Position position = positionAt(y, step);
      for (const int side : {0, 1}) {
        if (weightOf(side == 0 ? 1.0f - position.fraction : position.fraction) != 0) {
          weighted.insert(std::clamp(position.left + side, 0, size.height - 1));
        }
      }
    }
    ASSERT_EQ(rowsOf(box), std::vector<int>(weighted.begin(), weighted.end())) << size.width << " x " << size.height;
  }
}

}  // namespace
}  // namespace trtyolo
