// One place in a batch, as the kernels read it from device memory.
#pragma once

#include <cstddef>
#include <cstdint>

#include "image/geometry.hpp"
#include "image/image_view.hpp"

namespace trtyolo::cuda {

struct ImageSlot {
  const std::uint8_t* pixels = nullptr;  // as ImageView's data, reachable by the device; null: the place is not used
  std::size_t pitch = 0;                 // bytes from row to row
  int channels = 3;                      // 1, 3 or 4; plays no part where pixels are converted
  Letterbox box;                         // where the image lies in the network's input
  Size size;                             // of the image in memory: box.source, or what was made of it
  PixelConversion conversion = {};
};

// `image` is in the memory of the device.
inline ImageSlot slotFor(const ImageView& image, const Letterbox& box) {
  return {image.data, image.pitch, image.channels, box, image.size, image.conversion};
}

}  // namespace trtyolo::cuda
