// Pixels of images that are not interleaved bytes, as the kernels read and scale them. Also plain C++, so that tests
// can run it without a GPU.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/device_function.hpp"
#include "image/cuda/image_slot.hpp"
#include "image/cuda/pixel_bytes.hpp"
#include "image/pixel_conversion.hpp"
#include "image/resize_arithmetic.hpp"

namespace trtyolo::cuda {

// One pixel; of Gray16 its byte three times.
TRTYOLO_DEVICE inline Pixel convertedPixel(const ImageSlot& slot, int column, int line) {
  const PixelConversion& of = slot.conversion;
  const int x = column + of.left, y = line + of.top;
  const std::ptrdiff_t pair = x / 2;
  const std::uint8_t* const row = slot.pixels + static_cast<std::size_t>(y) * slot.pitch;
  const auto pixel = [&](const std::uint8_t* luma, const std::uint8_t* u, const std::uint8_t* v) {
    return pixelOfYuv(static_cast<int>(loadByte(luma)), static_cast<int>(loadByte(u)), static_cast<int>(loadByte(v)),
                      of.yuv, of.bgr);
  };
  if (of.format == PixelFormat::Gray16) {
    const std::uint8_t* const at = row + std::ptrdiff_t{2} * x;
    return of.gray.byteOf(loadByte(at) | loadByte(at + 1) << 8) * 0x010101U;
  }
  if (of.format == PixelFormat::YUYV) {
    const std::uint8_t* const at = row + 4 * pair;
    return pixel(row + std::ptrdiff_t{2} * x, at + 1, at + 3);
  }
  const std::size_t chromaRow = static_cast<std::size_t>(y / 2) * of.chromaPitch;
  if (of.format == PixelFormat::NV12) {
    const std::uint8_t* const at = of.chroma[0] + chromaRow + 2 * pair;
    return pixel(row + x, at, at + 1);
  }
  return pixel(row + x, of.chroma[0] + chromaRow + pair, of.chroma[1] + chromaRow + pair);
}

// One pixel of the letterboxed image.
TRTYOLO_DEVICE inline Pixel scaledConvertedPixel(const ImageSlot& slot, ColumnTaps column, RowTaps row) {
  const int right = column.weight1 != 0 ? column.left + 1 : column.left;
  const Pixel above0 = convertedPixel(slot, column.left, row.source0);
  const Pixel above1 = right != column.left ? convertedPixel(slot, right, row.source0) : above0;
  const bool one = row.source1 == row.source0;
  const Pixel below0 = one ? above0 : convertedPixel(slot, column.left, row.source1);
  const Pixel below1 = one ? above1 : right != column.left ? convertedPixel(slot, right, row.source1) : below0;
  Pixel pixel = 0;
  for (int channel = 0; channel < 3; ++channel) {
    pixel |= blendFiltered(filterBytes(channelOf(above0, channel), channelOf(above1, channel), column),
                           filterBytes(channelOf(below0, channel), channelOf(below1, channel), column), row.weight0,
                           row.weight1)
             << (8 * channel);
  }
  return pixel;
}

}  // namespace trtyolo::cuda
