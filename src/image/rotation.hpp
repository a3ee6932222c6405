// Where the pixels of a rotated part of an image lie. Plain integer arithmetic, shared by every device: exact, so that
// all make the same bytes.
#pragma once

#include <cmath>
#include <cstdint>

#include "base/device_function.hpp"
#include "image/geometry.hpp"
#include "trtyolo/image.hpp"

namespace trtyolo {

inline constexpr int kPlaceBits = 32;  // of fraction, of places in the image

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

}  // namespace trtyolo
