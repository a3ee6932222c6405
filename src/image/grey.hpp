// Images of one channel, for networks that take such.
#pragma once

#include <cstdint>
#include <vector>

#include "image/row_source.hpp"

namespace trtyolo {

// The image in grey, as OpenCV's cvtColor makes it of BGR and RGB, to the bit: ITU-R BT.601's weights with 14 bits of
// fraction. `bgr` says which of the two it is (also of what conversion makes of YUV); an image that is grey already
// is given as it is. The pixels are in `memory`, which is made large enough, until that is changed.
inline ImageView greyOf(const ImageView& image, bool bgr, std::vector<std::uint8_t>& memory) {
  constexpr unsigned kRed = 4899, kGreen = 9617, kBlue = 1868, kShift = 14, kHalf = 1U << (kShift - 1);
  if (image.channels == 1) {
    return image;
  }
  const auto width = static_cast<std::size_t>(image.size.width), height = static_cast<std::size_t>(image.size.height);
  memory.resize(width * height);
  const unsigned first = bgr ? kBlue : kRed, last = bgr ? kRed : kBlue;
  std::uint8_t* to = memory.data();
  RowSource rows;
  rows.open(image, 1);
  for (int y = 0; y < image.size.height; ++y) {
    const std::uint8_t* from = rows.row(y);
    for (std::size_t x = 0; x < width; ++x, from += image.channels) {
      *to++ = static_cast<std::uint8_t>((from[0] * first + from[1] * kGreen + from[2] * last + kHalf) >> kShift);
    }
  }
  return {memory.data(), image.size, 1, width};
}

}  // namespace trtyolo
