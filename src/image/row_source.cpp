// Where rows lie and which are kept, and the choice of SIMD target at run time.
#include "image/row_source.hpp"

#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "image/row_source-inl.hpp"
#include "hwy/foreach_target.h"
//
#include "image/row_source-inl.hpp"

namespace trtyolo {

HWY_EXPORT(convertYuvPairs);
HWY_EXPORT(convertGray);

void RowSource::open(const ImageView& image, std::size_t kept) {
  image_ = image;
  if (!image.conversion.needed()) {
    return;
  }
  // Pairs of pixels are converted as a whole, so there may be one more on either side.
  const std::size_t pixels = static_cast<std::size_t>(image.size.width) + 2;
  rowBytes_ = pixels * static_cast<std::size_t>(image.channels);
  if (rows_.size() < rowBytes_ * kept) {
    rows_.resize(rowBytes_ * kept);
  }
  numbers_.assign(kept, -1);
}

const std::uint8_t* RowSource::converted(int number) {
  const PixelConversion& from = image_.conversion;
  const std::size_t place = static_cast<std::size_t>(number) % numbers_.size();
  std::uint8_t* const row = rows_.data() + place * rowBytes_;
  const std::uint8_t* const pixels =
      row + static_cast<std::size_t>(from.left) * static_cast<std::size_t>(image_.channels);
  if (numbers_[place] == number) {
    return pixels;
  }
  const auto line = static_cast<std::size_t>(number) + static_cast<std::size_t>(from.top);
  const auto width = static_cast<std::size_t>(image_.size.width) + static_cast<std::size_t>(from.left);
  const std::uint8_t* const first = image_.data + line * image_.pitch;
  if (from.format == PixelFormat::Gray16) {
    HWY_DYNAMIC_DISPATCH(convertGray)(first, width, from.gray, row);
  } else {
    YuvRow source{from.format, first, {}, width};
    for (std::size_t i = 0; i < 2 && from.chroma[i] != nullptr; ++i) {
      source.chroma[i] = from.chroma[i] + line / 2 * from.chromaPitch;
    }
    HWY_DYNAMIC_DISPATCH(convertYuvPairs)(source, from.yuv, from.bgr, row);
  }
  numbers_[place] = number;
  return pixels;
}

}  // namespace trtyolo
