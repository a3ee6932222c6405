// One pixel of a rotated part of an image, as the kernel makes it. Also plain C++, so that tests can run it without a
// GPU.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/device_function.hpp"
#include "image/cuda/converted_pixel.hpp"
#include "image/cuda/image_slot.hpp"
#include "image/cuda/pixel_bytes.hpp"
#include "image/rotated_taps.hpp"

namespace trtyolo::cuda {

// A pixel of the image; of one channel its byte three times.
TRTYOLO_DEVICE inline Pixel imagePixel(const ImageSlot& image, int column, int row) {
  if (image.conversion.needed()) {
    return convertedPixel(image, column, row);
  }
  const std::uint8_t* const at =
      image.pixels + static_cast<std::size_t>(row) * image.pitch + static_cast<std::ptrdiff_t>(column) * image.channels;
  return image.channels == 1 ? loadByte(at) * 0x010101U : loadByte(at) | loadByte(at + 1) << 8 | loadByte(at + 2) << 16;
}

// Pixel (x, y) of the part. `image` is all of the image: its box plays no part.
TRTYOLO_DEVICE inline Pixel rotatedPixel(const ImageSlot& image, const Rotation& rotation, int x, int y) {
  const RotatedTaps taps = rotatedTaps(rotation, x, y);
  const auto pixelAt = [&](int column, int row) {
    const bool there = column >= 0 && column < image.size.width && row >= 0 && row < image.size.height;
    return there ? imagePixel(image, column, row) : kOutsideByte * 0x010101U;
  };
  const Pixel above0 = pixelAt(taps.left, taps.top), above1 = pixelAt(taps.left + 1, taps.top);
  const Pixel below0 = pixelAt(taps.left, taps.top + 1), below1 = pixelAt(taps.left + 1, taps.top + 1);
  Pixel pixel = 0;
  for (int channel = 0; channel < 3; ++channel) {
    pixel |= rotatedByte(taps, channelOf(above0, channel), channelOf(above1, channel), channelOf(below0, channel),
                         channelOf(below1, channel))
             << (8 * channel);
  }
  return pixel;
}

}  // namespace trtyolo::cuda
