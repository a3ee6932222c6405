// How a pixel of the network's input is made of pixels of the image: the letterbox's scaling, which equals cv::resize
// on 8-bit images to the bit, and the conversion to floats. Plain arithmetic, shared by every device.
#pragma once

#include <cmath>
#include <cstdint>

#include "base/device_function.hpp"
#include "image/geometry.hpp"

namespace trtyolo {

inline constexpr int kWeightOfOne = 2048;  // weights have 11 bits of fraction

// Where a pixel of the scaled side lies between two pixels of the source.
struct Position {
  int left;        // may be -1, or the last pixel of the source
  float fraction;  // of the way to the next pixel
};

// The distance of two neighbours of the scaled side, in pixels of the source. (Two roundings: cv::resize has them.)
TRTYOLO_DEVICE inline double sourceStep(int source, int scaled) {
  return 1.0 / (static_cast<double>(scaled) / source);
}

TRTYOLO_DEVICE inline Position positionAt(int pixel, double step) {
  const auto position = static_cast<float>((pixel + 0.5) * step - 0.5);
  const float left = std::floor(position);
  return {static_cast<int>(left), position - left};
}

// `share` is from 0 to 1. Halves go to the even neighbour.
TRTYOLO_DEVICE inline std::uint16_t weightOf(float share) {
  const float exact = share * static_cast<float>(kWeightOfOne);
  const int floor = static_cast<int>(exact);
  const float rest = exact - static_cast<float>(floor);
  const bool up = rest > 0.5f || (rest == 0.5f && floor % 2 != 0);
  return static_cast<std::uint16_t>(floor + (up ? 1 : 0));
}

// One column of the scaled image: it is made of column `left` of the source and the next one, which is not to be read
// (there may be none) where its weight is 0.
struct ColumnTaps {
  int left;
  std::uint16_t weight0;
  std::uint16_t weight1;
};

TRTYOLO_DEVICE inline ColumnTaps columnTaps(Position position, int sourceWidth) {
  if (position.left < 0) {
    position = {0, 0.0f};
  } else if (position.left >= sourceWidth - 1) {
    position = {sourceWidth - 1, 0.0f};
  }
  return {position.left, weightOf(1.0f - position.fraction), weightOf(position.fraction)};
}

// One row of the scaled image: the two source rows that it is made of, and their weights. Of two equal rows, both
// weights count; a row without weight is not named.
struct RowTaps {
  int source0;
  int source1;
  std::uint16_t weight0;
  std::uint16_t weight1;
};

TRTYOLO_DEVICE inline RowTaps rowTaps(Position position, int sourceHeight) {
  const int last = sourceHeight - 1;
  const auto inside = [last](int row) { return row < 0 ? 0 : row > last ? last : row; };
  RowTaps row{};
  row.source0 = inside(position.left);
  row.source1 = inside(position.left + 1);
  row.weight0 = weightOf(1.0f - position.fraction);
  row.weight1 = weightOf(position.fraction);
  // A row without weight adds nothing (each term is rounded by itself): do not make it.
  if (row.weight0 == 0) {
    row.source0 = row.source1;
  } else if (row.weight1 == 0) {
    row.source1 = row.source0;
  }
  return row;
}

// The horizontal pass: of two bytes of a row a value with 7 bits of fraction, rounded down.
TRTYOLO_DEVICE inline std::uint32_t filterBytes(std::uint32_t byte0, std::uint32_t byte1, ColumnTaps column) {
  return (byte0 * column.weight0 + byte1 * column.weight1) >> 4;
}

// The vertical pass: of two such values a byte.
TRTYOLO_DEVICE inline std::uint32_t blendFiltered(std::uint32_t filtered0, std::uint32_t filtered1,
                                                  std::uint32_t weight0, std::uint32_t weight1) {
  return (((filtered0 * weight0) >> 16) + ((filtered1 * weight1) >> 16) + 2) >> 2;
}

// 1 / 255 as the sum of two floats: v / 255.f, correctly rounded, is v * high + v * low with a fused multiply-add. That
// the last rounding always goes the right way is tested for all 256 values.
inline constexpr float kOneBy255High = 1.0f / 255.0f;
inline constexpr float kOneBy255Low = static_cast<float>(1.0 / 255.0 - static_cast<double>(kOneBy255High));

TRTYOLO_DEVICE inline float divideBy255(std::uint32_t byte) {
  const auto value = static_cast<float>(byte);
  return std::fma(value, kOneBy255High, value * kOneBy255Low);
}

// `value` is already divided by 255.
TRTYOLO_DEVICE inline float normalized(float value, float mean, float std) {
  return (value - mean) / std;
}

}  // namespace trtyolo
