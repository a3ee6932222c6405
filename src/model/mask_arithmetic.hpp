// The geometry of masks, on the CPU and in kernels: between which cells of the prototypes a pixel lies.
#pragma once

#include <cstdint>
#include <cstring>
#include <numeric>

#include "base/device_function.hpp"
#include "base/extremes.hpp"
#include "image/geometry.hpp"

namespace trtyolo {

// Where a pixel lies between the cells of a shorter or longer line, as PyTorch's bilinear interpolation has it
// (align_corners=False), in f32.
struct MaskPlace {
  int cell;
  float fraction;  // of the way to the next cell
};

TRTYOLO_DEVICE inline MaskPlace maskPlace(int pixel, float scale, int cells, float origin = 0.0F) {
  const float along = (static_cast<float>(pixel) + 0.5F - origin) * scale - 0.5F;
  const float position = along > 0.0F ? smaller(along, static_cast<float>(cells)) : 0.0F;  // so a NaN is 0
  const int cell = smaller(static_cast<int>(position), cells - 1);
  // At the last cell the next one is the same.
  const float fraction = position - static_cast<float>(cell);
  return {cell, cell + 1 < cells ? smaller(larger(fraction, 0.0F), 1.0F) : 0.0F};
}

// The first pixel p of `count` with p >= edge, so that p with low <= p < high are those from the one to the other.
TRTYOLO_DEVICE inline int firstPixel(float edge, int count) {
  if (!(edge > 0.0F)) {
    return 0;
  }
  const float most = smaller(edge, static_cast<float>(count));
  const int whole = static_cast<int>(most);
  return smaller(whole + (static_cast<float>(whole) < most ? 1 : 0), count);
}

// What the sigmoid was taken of, so that masks of probabilities are scaled up as Ultralytics scales masks, before the
// sigmoid: above 0 is above 0.5, but the edges between the cells lie elsewhere. The logarithm is a series (of the
// inverse hyperbolic tangent), because the C library's and CUDA's differ in the last bit. A NaN is no object's.
TRTYOLO_DEVICE inline float maskLogit(float probability) {
  constexpr float kLeast = 0x1p-24F, kLogarithmOfTwo = 0.69314718F;
  constexpr std::uint32_t kRootOfHalf = 0x3F3504F3, kFractionBits = 23;
  const float inside = probability > kLeast ? smaller(probability, 1.0F - kLeast) : kLeast;
  const float odds = inside / (1.0F - inside);
  std::uint32_t bits;
  std::memcpy(&bits, &odds, sizeof(bits));
  const std::int32_t exponent = static_cast<std::int32_t>(bits - kRootOfHalf) >> kFractionBits;
  bits -= static_cast<std::uint32_t>(exponent) << kFractionBits;
  float number;  // odds without their power of two: from the root of 1/2 to that of 2
  std::memcpy(&number, &bits, sizeof(number));
  const float s = (number - 1.0F) / (number + 1.0F), square = s * s;
  const float series = 1.0F + square * (1.0F / 3 + square * (1.0F / 5 + square * (1.0F / 7 + square * (1.0F / 9))));
  return static_cast<float>(exponent) * kLogarithmOfTwo + 2.0F * s * series;
}

// One axis of the last scaling: pixels from `cells` of a grid, beginning at its cell `offset`. The cells cover all the
// mask's pixels, or those of a box: `extent` pixels from `origin` on.
struct MaskAxis {
  int offset = 0, cells = 0, pixels = 0;
  float origin = 0, extent = 0;

  MaskAxis() = default;
  TRTYOLO_DEVICE MaskAxis(int firstCell, int cellCount, int pixelCount)
      : offset(firstCell), cells(cellCount), pixels(pixelCount), extent(static_cast<float>(pixelCount)) {}

  // Cells over the pixels from `begin` to `end` only.
  TRTYOLO_DEVICE MaskAxis within(float begin, float end, int boxCells) const {
    MaskAxis axis(0, boxCells, pixels);
    axis.origin = begin;
    axis.extent = end - begin;
    return axis;
  }

  TRTYOLO_DEVICE MaskPlace place(int pixel) const { return maskPlace(pixel, scale(), cells, origin); }
  TRTYOLO_DEVICE float scale() const { return static_cast<float>(cells) / extent; }
  TRTYOLO_DEVICE float pixelsPerCell() const { return extent / static_cast<float>(cells); }
  // A place computed this close to a pixel, in pixels, may belong to the other side of it.
  TRTYOLO_DEVICE float doubt() const { return 1.0F / 64 + static_cast<float>(pixels) * 0x1p-20F; }
};

// The prototypes are scaled up `factor` times to a grid; of that, the axes' cells are scaled to the mask's pixels.
struct MaskGeometry {
  int factor = 1;
  MaskAxis columns, rows;

  // Masks of the size of the source image, if `ofSource`, as Ultralytics' retina_masks (process_mask_native): the
  // prototypes are scaled up by 1, 2 or 4, so that the border falls on whole cells, cropped to the image, and scaled to
  // it. Otherwise of the size of the network's input, as Ultralytics has them by default (process_mask).
  static MaskGeometry of(Size prototypes, const Letterbox& letterbox, bool ofSource) {
    if (!ofSource) {
      return {1, MaskAxis(0, prototypes.width, letterbox.network.width),
              MaskAxis(0, prototypes.height, letterbox.network.height)};
    }
    constexpr int kStride = 4;  // pixels of the network's input to a cell of the prototypes
    const Letterbox input = Letterbox::fit(letterbox.source, {kStride * prototypes.width, kStride * prototypes.height});
    const int padding = (input.network.height - input.scaled.height) | (input.network.width - input.scaled.width);
    MaskGeometry geometry;
    geometry.factor = kStride / std::gcd(kStride, padding | (padding / 2));
    const Letterbox grid =
        Letterbox::fit(letterbox.source, {geometry.factor * prototypes.width, geometry.factor * prototypes.height});
    geometry.columns = MaskAxis(grid.left, grid.scaled.width, letterbox.source.width);
    geometry.rows = MaskAxis(grid.top, grid.scaled.height, letterbox.source.height);
    return geometry;
  }
};

}  // namespace trtyolo
