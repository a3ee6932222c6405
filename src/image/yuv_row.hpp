// A row of a YUV image in memory, for the functions that convert one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "image/pixel_conversion.hpp"

namespace trtyolo {

struct YuvRow {
  PixelFormat format = PixelFormat::NV12;
  const std::uint8_t* luma = nullptr;  // of YUYV: everything
  std::array<const std::uint8_t*, 2> chroma{};
  std::size_t width = 0;  // pixels

  std::uint32_t pixel(std::size_t x, const YuvWeights& weights, bool bgr) const {
    const std::size_t pair = x / 2;
    switch (format) {
      case PixelFormat::NV12:
        return pixelOfYuv(luma[x], chroma[0][2 * pair], chroma[0][2 * pair + 1], weights, bgr);
      case PixelFormat::I420:
        return pixelOfYuv(luma[x], chroma[0][pair], chroma[1][pair], weights, bgr);
      default:
        return pixelOfYuv(luma[2 * x], luma[4 * pair + 1], luma[4 * pair + 3], weights, bgr);
    }
  }
};

}  // namespace trtyolo
