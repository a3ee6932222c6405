// Masks against a plain computation of every pixel of the whole picture.
#include "model/mask_maker.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace trtyolo {
namespace {

// A picture of doubles.
struct Plane {
  int width = 0, height = 0;
  std::vector<double> values;
  double at(int x, int y) const { return values[static_cast<std::size_t>(y * width + x)]; }
};

// Bilinear as PyTorch's interpolate(align_corners=False).
Plane scaled(const Plane& from, int width, int height) {
  Plane to{width, height, {}};
  const auto place = [](int pixel, int cells, int pixels, int& cell) {
    const double position = std::max(0.0, (pixel + 0.5) * cells / pixels - 0.5);
    cell = std::min(static_cast<int>(position), cells - 1);
    return std::min(1.0, position - cell);
  };
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      int left = 0, top = 0;
      const double u = place(x, from.width, width, left), v = place(y, from.height, height, top);
      const int right = std::min(left + 1, from.width - 1), bottom = std::min(top + 1, from.height - 1);
      to.values.push_back((from.at(left, top) * (1 - u) + from.at(right, top) * u) * (1 - v) +
                          (from.at(left, bottom) * (1 - u) + from.at(right, bottom) * u) * v);
    }
  }
  return to;
}

Plane cropped(const Plane& from, int left, int top, int width, int height) {
  Plane to{width, height, {}};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      to.values.push_back(from.at(left + x, top + y));
    }
  }
  return to;
}

struct Scene {
  std::vector<float> prototypes;
  std::vector<float> coefficients;
  Prototypes view;
  Plane logits;

  Scene(int channels, int width, int height, unsigned seed) : logits{width, height, {}} {
    std::mt19937 random(seed);
    const auto value = [&] { return static_cast<float>(random() % 2001) / 1000.0F - 1.0F; };
    prototypes.resize(static_cast<std::size_t>(channels * width * height));
    for (float& prototype : prototypes) {
      prototype = value();
    }
    for (int c = 0; c < channels; ++c) {
      coefficients.push_back(value());
    }
    view = {prototypes.data(), static_cast<std::size_t>(channels), static_cast<std::size_t>(height),
            static_cast<std::size_t>(width)};
    const auto cells = static_cast<std::size_t>(width * height);
    for (std::size_t i = 0; i < cells; ++i) {
      double sum = 0;
      for (std::size_t c = 0; c < coefficients.size(); ++c) {
        sum += static_cast<double>(coefficients[c]) * static_cast<double>(prototypes[c * cells + i]);
      }
      logits.values.push_back(sum);
    }
  }
  ValueTable table() const { return {coefficients.data(), 1, coefficients.size()}; }
};

void expectMask(MaskMaker& maker, const Scene& scene, const Plane& expected, const Box& box) {
  ASSERT_EQ(maker.width(), expected.width);
  ASSERT_EQ(maker.height(), expected.height);
  Masks masks(maker.width(), maker.height());
  if (!maker.add(scene.table(), 0, box, box, masks)) masks.add({});
  const Mask mask = masks[0];
  for (int y = 0; y < expected.height; ++y) {
    for (int x = 0; x < expected.width; ++x) {
      const bool within = static_cast<float>(x) >= box.left && static_cast<float>(x) < box.right &&
                          static_cast<float>(y) >= box.top && static_cast<float>(y) < box.bottom;
      if (!within || std::abs(expected.at(x, y)) > 1e-4) {
        ASSERT_EQ(mask.data[static_cast<std::size_t>(y * expected.width + x)], within && expected.at(x, y) > 0 ? 1 : 0)
            << x << ", " << y << " of " << expected.width << " x " << expected.height << ", value "
            << expected.at(x, y);
      }
    }
  }
}

std::vector<Box> boxesIn(int width, int height) {
  const auto w = static_cast<float>(width), h = static_cast<float>(height);
  return {{0, 0, w, h},
          {w * 0.3F, h * 0.2F, w * 0.7F, h * 0.9F},
          {-5, h * 0.5F, w * 0.51F, h + 9},
          {0, 0, 1, 1},
          {w - 1.5F, h - 0.5F, w, h},
          {w * 0.5F, h * 0.5F, w * 0.5F, h * 0.5F}};
}

TEST(MaskMakerTest, MasksOfTheSourceImage) {
  // Sizes whose border falls on whole cells, on halves and quarters of them, larger and smaller than the network's
  // input.
  int factors = 0;
  for (const auto& [width, height] : {std::pair{320, 180},
                                      {160, 160},
                                      {33, 177},
                                      {100, 75},
                                      {517, 203},
                                      {16, 8},
                                      {1, 1},
                                      {1, 90},
                                      {64, 40},
                                      {80, 61}}) {
    for (const auto& [cellsX, cellsY] : {std::pair{40, 40}, {24, 40}}) {
      const Scene scene(5, cellsX, cellsY, static_cast<unsigned>(width * 1000 + height));
      const Letterbox letterbox = Letterbox::fit({width, height}, {4 * cellsX, 4 * cellsY});
      const int padX = letterbox.network.width - letterbox.scaled.width;
      const int padY = letterbox.network.height - letterbox.scaled.height;
      const int factor = padX % 8 == 0 && padY % 8 == 0 ? 1 : padX % 4 == 0 && padY % 4 == 0 ? 2 : 4;
      factors |= factor;
      const Plane grid = factor == 1 ? scene.logits : scaled(scene.logits, factor * cellsX, factor * cellsY);
      const Letterbox inside = Letterbox::fit({width, height}, {grid.width, grid.height});
      const Plane expected =
          scaled(cropped(grid, inside.left, inside.top, inside.scaled.width, inside.scaled.height), width, height);
      MaskMaker maker(scene.view, letterbox, true);
      for (const Box& box : boxesIn(width, height)) {
        expectMask(maker, scene, expected, box);
      }
    }
  }
  EXPECT_EQ(factors, 7);  // each of 1, 2 and 4 was tried
}

TEST(MaskMakerTest, MasksOfTheNetworksInput) {
  const Scene scene(3, 24, 16, 3);
  const Letterbox letterbox = Letterbox::fit({300, 111}, {96, 64});
  MaskMaker maker(scene.view, letterbox, false);
  for (const Box& box : boxesIn(96, 64)) {
    expectMask(maker, scene, scaled(scene.logits, 96, 64), box);
  }
}

TEST(MaskMakerTest, SurvivesValuesThatAreNone) {
  Scene scene(2, 8, 8, 1);
  MaskMaker maker(scene.view, Letterbox::fit({50, 30}, {32, 32}), true);
  const float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
  Masks masks(50, 30);
  EXPECT_FALSE(maker.add(scene.table(), 0, {nan, nan, nan, nan}, {}, masks));
  EXPECT_FALSE(maker.add(scene.table(), 0, {10, 10, 5, 5}, {}, masks));
  EXPECT_TRUE(masks.empty());
  EXPECT_TRUE(maker.add(scene.table(), 0, {-inf, -inf, inf, inf}, {}, masks));
  EXPECT_LE(masks.area(0), 50U * 30U);
  scene.coefficients = {nan, inf};
  EXPECT_FALSE(maker.add(scene.table(), 0, {0, 0, 50, 30}, {}, masks));
}

}  // namespace
}  // namespace trtyolo
