// Pixels that are not interleaved bytes, and how they become such: YUV, and grey of 16 bits. Plain integer arithmetic,
// shared by every device.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/device_function.hpp"
#include "trtyolo/image.hpp"

namespace trtyolo {

inline constexpr int kYuvShift = 20;  // bits of fraction of the weights

// Red is (Y - black) * luma + V * redV, green (Y - black) * luma + U * greenU + V * greenV, blue (Y - black) * luma +
// U * blueU, with U and V less 128; rounded to the nearest, halves up, and limited to 0 to 255. What is blacker than
// black is black.
//
// This is the fixed-point form of OpenCV's cvtColor (imgproc's color_yuv.simd.hpp, ITUR_BT_601_*), and so is the order
// of its roundings: all is summed before the one shift.
struct YuvWeights {
  int black = 0;
  int luma = 0, redV = 0, greenU = 0, greenV = 0, blueU = 0;
};

// From the standards' luma, Y = red * R + green * G + blue * B of colours from 0 to 1, and the chroma U = (B - Y) / (2
// * (1 - blue)), V = (R - Y) / (2 * (1 - red)) from -1/2 to 1/2, solved for R, G and B: V has the weight 2 * (1 - red)
// in red, U the weight 2 * (1 - blue) in blue, and green follows from Y. Limited range keeps Y in 219 steps from 16 on,
// U and V in 224 around 128 (ITU-R BT.601-7, section 2.5; BT.709-6, section 4); full range has 255 steps of each from 0
// on (JFIF, ITU-T T.871). OpenCV has these weights of BT.601 in limited range, rounded to three decimals before they
// are made fixed-point, so this one is written as it has it.
constexpr YuvWeights yuvWeights(ColorMatrix matrix, ColorRange range) {
  const auto fixed = [](double weight) {
    return static_cast<int>(weight * (1 << kYuvShift) + (weight < 0 ? -0.5 : 0.5));
  };
  if (matrix == ColorMatrix::BT601 && range == ColorRange::Limited) {
    return {16, fixed(1.164), fixed(1.596), fixed(-0.391), fixed(-0.813), fixed(2.018)};
  }
  const double red = matrix == ColorMatrix::BT601 ? 0.299 : 0.2126;
  const double blue = matrix == ColorMatrix::BT601 ? 0.114 : 0.0722;
  const double green = 1 - red - blue;
  const double luma = range == ColorRange::Limited ? 255.0 / 219 : 1.0;
  const double chroma = range == ColorRange::Limited ? 255.0 / 224 : 1.0;
  const double redV = 2 * (1 - red) * chroma, blueU = 2 * (1 - blue) * chroma;
  return {range == ColorRange::Limited ? 16 : 0,
          fixed(luma),
          fixed(redV),
          fixed(-blueU * blue / green),
          fixed(-redV * red / green),
          fixed(blueU)};
}

// 16-bit grey to bytes: `low` becomes 0, low + span 255, rounded to the nearest, halves up. `multiplier` and `shift`
// divide by 2 * span: floor(n / d) is n * ceil(2^shift / d) >> shift, since n < 256 * d and d < 2^17 leave what the
// rounded multiplier has too much (less than n of 2^shift-ths) below 1 / d.
struct GrayWindow {
  std::uint32_t low = 0;
  std::uint32_t span = 0;
  std::uint32_t multiplier = 0;
  int shift = 0;

  GrayWindow() = default;
  GrayWindow(int first, int last)
      : low(static_cast<std::uint32_t>(first)), span(static_cast<std::uint32_t>(last - first)) {
    const std::uint64_t divisor = 2 * std::uint64_t{span};
    shift = 31;
    for (std::uint64_t rest = divisor; rest > 1; rest /= 2) {
      ++shift;
    }
    multiplier = static_cast<std::uint32_t>(((std::uint64_t{1} << shift) + divisor - 1) / divisor);
  }

  TRTYOLO_DEVICE std::uint32_t byteOf(std::uint32_t value) const {
    const std::uint32_t above = value > low ? value - low : 0;
    const std::uint32_t inside = above < span ? above : span;
    return static_cast<std::uint32_t>(std::uint64_t{510 * inside + span} * multiplier >> shift);
  }
};

// What an ImageView has beside its first plane, and what its pixels become.
struct PixelConversion {
  PixelFormat format = PixelFormat::Interleaved;
  const std::uint8_t* chroma[2] = {};  // as in Image
  std::size_t chromaPitch = 0;
  // Where in the planes the view begins, 0 or 1: samples of chroma count for pairs of pixels from there.
  int left = 0, top = 0;
  bool bgr = false;  // YUV becomes blue, green, red
  YuvWeights yuv;
  GrayWindow gray;

  TRTYOLO_DEVICE bool needed() const { return format != PixelFormat::Interleaved; }
};

// A pixel as its three bytes, the first one lowest: red, green, blue, or the other way about.
TRTYOLO_DEVICE inline std::uint32_t pixelOfYuv(int luma, int u, int v, const YuvWeights& weights, bool bgr) {
  const int above = (luma > weights.black ? luma - weights.black : 0) * weights.luma + (1 << (kYuvShift - 1));
  const auto byte = [](int sum) {
    const int value = sum >> kYuvShift;
    return static_cast<std::uint32_t>(value < 0 ? 0 : value > 255 ? 255 : value);
  };
  const std::uint32_t red = byte(above + weights.redV * (v - 128));
  const std::uint32_t green = byte(above + weights.greenU * (u - 128) + weights.greenV * (v - 128));
  const std::uint32_t blue = byte(above + weights.blueU * (u - 128));
  return bgr ? blue | green << 8 | red << 16 : red | green << 8 | blue << 16;
}

}  // namespace trtyolo
