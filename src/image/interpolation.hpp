// How maps are scaled to images: PyTorch's interpolate() in f32 to the last bit, on the CPU and in kernels. Of bilinear
// scaling that holds for results whose width and height together are more than 128, for which PyTorch (measured with
// 2.15 on AVX-512) rounds as here; smaller ones differ in the last bits.
#pragma once

#include <cmath>
#include <cstdint>

#include "base/device_function.hpp"
#include "base/extremes.hpp"

namespace trtyolo {

// One side of a map of `cells`, scaled to `pixels`.
struct ScaledSide {
  int cells = 0, pixels = 0;
  bool aligned = false;  // the centres of the outermost cells and pixels fall together: align_corners

  TRTYOLO_DEVICE float step() const {
    if (aligned) {
      return pixels > 1 ? static_cast<float>(cells - 1) / static_cast<float>(pixels - 1) : 0.0F;
    }
    return static_cast<float>(cells) / static_cast<float>(pixels);
  }
};

// The two cells that a pixel lies between, and their weights.
struct LinearTap {
  int first = 0, second = 0;
  float weight0 = 1, weight1 = 0;
};

TRTYOLO_DEVICE inline LinearTap linearTap(int pixel, const ScaledSide& side) {
  if (side.cells == side.pixels) {
    return {pixel, pixel, 1.0F, 0.0F};
  }
  const float place = static_cast<float>(pixel), step = side.step();
  const float position = side.aligned ? place * step : larger((place + 0.5F) * step - 0.5F, 0.0F);
  const int first = smaller(static_cast<int>(position), side.cells - 1);
  const float weight1 = smaller(position - static_cast<float>(first), 1.0F);
  return {first, first + (first + 1 < side.cells ? 1 : 0), 1.0F - weight1, weight1};
}

// The first product is not rounded.
TRTYOLO_DEVICE inline float blended(float first, float second, float weight0, float weight1) {
  return std::fma(first, weight0, second * weight1);
}

// Scaling to the nearest cell: which that is.
TRTYOLO_DEVICE inline int nearestCell(int pixel, const ScaledSide& side) {
  return smaller(static_cast<int>(static_cast<float>(pixel) * side.step()), side.cells - 1);
}

// The class that a network names by a number; `none` for what is no class's number.
TRTYOLO_DEVICE inline std::uint16_t classNumber(float value, std::uint16_t none) {
  return value >= 0.0F && value < 65536.0F ? static_cast<std::uint16_t>(value) : none;
}

}  // namespace trtyolo
