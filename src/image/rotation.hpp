// Where the pixels of a rotated part of an image lie, and how they are made. Plain integer arithmetic, shared by every
// device: exact, so that all make the same bytes.
#pragma once

#include <cmath>
#include <cstdint>

#include "base/device_function.hpp"
#include "image/geometry.hpp"
#include "image/resize_arithmetic.hpp"
#include "trtyolo/image.hpp"

namespace trtyolo {

inline constexpr int kPlaceBits = 32;               // of fraction, of places in the image
inline constexpr std::uint32_t kOutsideByte = 114;  // of each channel of what lies outside the image

// Pixel (x, y) of the part lies at column `column` + x * cos - y * sin and row `row` + x * sin + y * cos of the image,
// where whole numbers are the centres of its pixels.
struct Rotation {
  std::int64_t column = 0, row = 0;
  std::int64_t cos = 0, sin = 0;
  Size source;  // the image

  Rotation() = default;
  // A part about which complaintAbout() has nothing to say. Its pixels are as far apart as the image's.
  Rotation(const RotatedPart& part, Size image) : source(image) {
    const double cosine = std::cos(part.theta), sine = std::sin(part.theta);
    const double left = (1 - part.width) / 2.0, top = (1 - part.height) / 2.0;
    column = placeOf(part.x - 0.5 + left * cosine - top * sine);
    row = placeOf(part.y - 0.5 + left * sine + top * cosine);
    cos = placeOf(cosine);
    sin = placeOf(sine);
  }

  TRTYOLO_DEVICE std::int64_t columnOf(int x, int y) const { return column + x * cos - y * sin; }
  TRTYOLO_DEVICE std::int64_t rowOf(int x, int y) const { return row + x * sin + y * cos; }

  // The same for the part of this part that begins at (x, y).
  Rotation movedTo(int x, int y) const {
    Rotation moved = *this;
    moved.column = columnOf(x, y);
    moved.row = rowOf(x, y);
    return moved;
  }

 private:
  static std::int64_t placeOf(double value) { return std::llround(std::ldexp(value, kPlaceBits)); }
};

// The four pixels that one is made of: columns `left` and left + 1 of rows `top` and top + 1, any of which may lie
// outside the image, and their weights, which are the letterbox's but for halves, which go up.
struct RotatedTaps {
  int left, top;
  std::uint16_t column0, column1, row0, row1;
};

TRTYOLO_DEVICE inline RotatedTaps rotatedTaps(const Rotation& rotation, int x, int y) {
  const auto weight = [](std::int64_t place) {
    constexpr int kDropped = kPlaceBits - 11;
    const std::int64_t fraction = place & ((std::int64_t{1} << kPlaceBits) - 1);
    return static_cast<std::uint16_t>((fraction + (std::int64_t{1} << (kDropped - 1))) >> kDropped);
  };
  const std::int64_t column = rotation.columnOf(x, y), row = rotation.rowOf(x, y);
  RotatedTaps taps{};
  taps.left = static_cast<int>(column >> kPlaceBits);
  taps.top = static_cast<int>(row >> kPlaceBits);
  taps.column1 = weight(column);
  taps.row1 = weight(row);
  taps.column0 = static_cast<std::uint16_t>(kWeightOfOne - taps.column1);
  taps.row0 = static_cast<std::uint16_t>(kWeightOfOne - taps.row1);
  return taps;
}

// One channel of their bytes.
TRTYOLO_DEVICE inline std::uint32_t rotatedByte(const RotatedTaps& taps, std::uint32_t above0, std::uint32_t above1,
                                                std::uint32_t below0, std::uint32_t below1) {
  const ColumnTaps columns{taps.left, taps.column0, taps.column1};
  return blendFiltered(filterBytes(above0, above1, columns), filterBytes(below0, below1, columns), taps.row0,
                       taps.row1);
}

}  // namespace trtyolo
