// Images of every PixelFormat, plane by plane in memory of their own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <ostream>
#include <vector>

#include "support/random.hpp"
#include "trtyolo/image.hpp"

namespace trtyolo::test {

inline constexpr PixelFormat kYuvFormats[] = {PixelFormat::NV12, PixelFormat::I420, PixelFormat::YUYV};
inline constexpr ColorMatrix kMatrices[] = {ColorMatrix::BT601, ColorMatrix::BT709};
inline constexpr ColorRange kRanges[] = {ColorRange::Limited, ColorRange::Full};

// Noise. Each plane ends with its last sample, so that AddressSanitizer sees what is read beyond.
class FormatImage {
 public:
  // Rows have gaps of `padding` bytes; planes begin `offset` bytes after where memory is aligned. The width of YUYV is
  // made even.
  FormatImage(Random& random, PixelFormat format, int columns, int rows, std::size_t padding = 0,
              std::size_t offset = 0, ColorMatrix matrix = ColorMatrix::BT601, ColorRange range = ColorRange::Limited) {
    columns += format == PixelFormat::YUYV ? columns % 2 : 0;
    const auto width = static_cast<std::size_t>(columns), height = static_cast<std::size_t>(rows);
    const std::size_t pairs = (width + 1) / 2, halfHeight = (height + 1) / 2;
    const auto plane = [&](std::size_t rowBytes, std::size_t count) {
      const std::size_t bytes = (rowBytes + padding) * (count - 1) + rowBytes;
      memory_.push_back(std::make_unique<std::uint8_t[]>(offset + bytes));
      std::uint8_t* const to = memory_.back().get() + offset;
      planes_.push_back({to, bytes});
      for (std::size_t i = 0; i < bytes; ++i) {
        to[i] = static_cast<std::uint8_t>(random());
      }
      return to;
    };
    switch (format) {
      case PixelFormat::NV12: {
        const std::uint8_t* const luma = plane(width, height);
        image_ = Image::nv12(luma, plane(2 * pairs, halfHeight), columns, rows, width + padding, 2 * pairs + padding,
                             matrix, range);
        break;
      }
      case PixelFormat::I420: {
        const std::uint8_t* const luma = plane(width, height);
        const std::uint8_t* const u = plane(pairs, halfHeight);
        image_ = Image::i420(luma, u, plane(pairs, halfHeight), columns, rows, width + padding, pairs + padding, matrix,
                             range);
        break;
      }
      case PixelFormat::YUYV:
        image_ = Image::yuyv(plane(2 * width, height), columns, rows, 2 * width + padding, matrix, range);
        break;
      case PixelFormat::Gray16: {
        // Not as arguments, whose order is each compiler's own: the same image on every machine.
        const int low = random.between(0, 30000);
        const int high = random.between(low + 1, 65535);
        image_ = Image::gray16(plane(2 * width, height), columns, rows, 2 * width + padding, low, high);
        break;
      }
      case PixelFormat::Interleaved:
        image_ = Image(plane(3 * width, height), columns, rows, 3 * width + padding);
    }
  }

  const Image& image() const { return image_; }

  struct Plane {
    const std::uint8_t* data;
    std::size_t bytes;
  };
  // Y, and what there is of chroma.
  const std::vector<Plane>& planes() const { return planes_; }

 private:
  std::vector<std::unique_ptr<std::uint8_t[]>> memory_;
  std::vector<Plane> planes_;
  Image image_;
};

inline std::ostream& operator<<(std::ostream& stream, const FormatImage& image) {
  const Image& of = image.image();
  return stream << "format " << static_cast<int>(of.format) << ", " << of.width << " x " << of.height << ", pitches "
                << of.pitch << ", " << of.chromaPitch << ", matrix " << static_cast<int>(of.matrix) << ", range "
                << static_cast<int>(of.range) << ", " << of.low << " to " << of.high;
}

}  // namespace trtyolo::test
