// Images of every PixelFormat as the inside of the library knows them, and what they become pixel by pixel.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <vector>

#include "api/image_check.hpp"
#include "image/format_image.hpp"
#include "image/image_view.hpp"

namespace trtyolo::test {

inline FormatImage formatImage(Random& random, PixelFormat format, Size size, std::size_t padding = 0,
                               std::size_t offset = 0, ColorMatrix matrix = ColorMatrix::BT601,
                               ColorRange range = ColorRange::Limited) {
  return FormatImage(random, format, size.width, size.height, padding, offset, matrix, range);
}

inline ImageView viewOf(const FormatImage& image, bool bgr = false) {
  ImageView view = checkedView(image.image(), std::nullopt, std::nullopt, std::nullopt);
  view.conversion.bgr = bgr;
  return view;
}

// A view as an interleaved image of three channels (of one, if it is Gray16), pixel by pixel from the formulas.
class ConvertedImage {
 public:
  explicit ConvertedImage(const ImageView& from) {
    const PixelConversion& of = from.conversion;
    view_.size = from.size;
    view_.channels = of.format == PixelFormat::Gray16 ? 1 : 3;
    view_.pitch = static_cast<std::size_t>(from.size.width * view_.channels);
    pixels_.resize(view_.pitch * static_cast<std::size_t>(from.size.height));
    view_.data = pixels_.data();
    std::uint8_t* to = pixels_.data();
    for (int y = 0; y < from.size.height; ++y) {
      for (int x = 0; x < from.size.width; ++x, to += view_.channels) {
        const std::uint32_t pixel = pixelOf(from, x + of.left, y + of.top);
        std::memcpy(to, &pixel, static_cast<std::size_t>(view_.channels));
      }
    }
  }

  const ImageView& view() const { return view_; }

 private:
  static std::uint32_t pixelOf(const ImageView& from, int column, int line) {
    const PixelConversion& of = from.conversion;
    const auto x = static_cast<std::size_t>(column), pair = x / 2;
    const std::uint8_t* const row = from.row(line);
    const auto chroma = [&](int plane) {
      return of.chroma[plane] + static_cast<std::size_t>(line / 2) * of.chromaPitch;
    };
    switch (of.format) {
      case PixelFormat::NV12:
        return pixelOfYuv(row[x], chroma(0)[2 * pair], chroma(0)[2 * pair + 1], of.yuv, of.bgr);
      case PixelFormat::I420:
        return pixelOfYuv(row[x], chroma(0)[pair], chroma(1)[pair], of.yuv, of.bgr);
      case PixelFormat::YUYV:
        return pixelOfYuv(row[2 * x], row[4 * pair + 1], row[4 * pair + 3], of.yuv, of.bgr);
      case PixelFormat::Gray16:
        return of.gray.byteOf(row[2 * x] + 256U * row[2 * x + 1]);
      default:
        return row[3 * x] + 256U * row[3 * x + 1] + 65536U * row[3 * x + 2];
    }
  }

  std::vector<std::uint8_t> pixels_;
  ImageView view_;
};

}  // namespace trtyolo::test
