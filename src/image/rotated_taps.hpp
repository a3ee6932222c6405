// How the pixels of a rotated part of an image are made of the image's. Plain integer arithmetic, shared by every
// device.
#pragma once

#include <cstdint>

#include "base/device_function.hpp"
#include "image/resize_arithmetic.hpp"
#include "image/rotation.hpp"

namespace trtyolo {

inline constexpr std::uint32_t kOutsideByte = 114;  // of each channel of what lies outside the image

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
