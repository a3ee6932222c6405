// An image as the inside of the library knows it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "image/geometry.hpp"
#include "image/pixel_conversion.hpp"
#include "image/rotation.hpp"

namespace trtyolo {

// An image; checked by whoever makes it: 1, 3 or 4 channels, at least 1 x 1, pitch >= a row. Where conversion is needed
// (RowSource does it), `channels` is what a row has afterwards: 4 of YUV, of which the last may be anything, 1 of
// Gray16.
struct ImageView {
  const std::uint8_t* data = nullptr;
  Size size;
  int channels = 3;
  std::size_t pitch = 0;
  PixelConversion conversion = {};
  ImageMemory memory = ImageMemory::AsOption;
  Size whole = {};  // of the image that a decoder has reduced to this; {0, 0}: it is whole
  // Of a part that does not lie upright: where its `size` pixels are in the image that all else is of. RotatedCropper
  // and its kernel make an image without a rotation of it, which is what everything else reads.
  std::optional<Rotation> rotation = std::nullopt;

  // Of which results are in pixels.
  Size wholeSize() const { return whole.width > 0 ? whole : size; }

  const std::uint8_t* row(int number) const { return data + static_cast<std::size_t>(number) * pitch; }

  // The image in memory, of which this may be a rotated part.
  ImageView inMemory() const;

  // A part of the image.
  ImageView cropped(int x, int y, Size part) const;
};

// A plane of an image in memory: so many rows of so many bytes, of which rows `first` to `end` - 1 are meant.
struct ImagePlane {
  const std::uint8_t* data = nullptr;
  std::size_t pitch = 0;
  std::size_t rowBytes = 0;
  int first = 0;
  int end = 0;

  std::size_t rows() const { return static_cast<std::size_t>(end - first); }
  const std::uint8_t* row(std::size_t number) const {
    return data + (static_cast<std::size_t>(first) + number) * pitch;
  }
};

struct ImagePlanes {
  std::array<ImagePlane, 3> planes;
  std::size_t count = 0;

  const ImagePlane* begin() const { return planes.data(); }
  const ImagePlane* end() const { return planes.data() + count; }
};

// The planes of an image, with what of them rows `first` to `end` - 1 of the image need.
ImagePlanes planesOf(const ImageView& image, int first, int end);

// The same image, whose planes lie elsewhere.
ImageView withPlanes(ImageView image, const ImagePlanes& planes);

// What all of it takes in memory without gaps.
std::size_t bytesOf(const ImageView& image);

}  // namespace trtyolo
