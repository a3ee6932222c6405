// One place in a batch, as the kernels read it from device memory.
#pragma once

#include <cstddef>
#include <cstdint>

#include "image/geometry.hpp"

namespace trtyolo::cuda {

struct ImageSlot {
  const std::uint8_t* pixels = nullptr;  // 8-bit interleaved, reachable by the device; null: the place is not used
  std::size_t pitch = 0;                 // bytes from row to row
  int channels = 3;                      // 1, 3 or 4
  Letterbox box;                         // where the image lies in the network's input
  bool scaled = false;                   // the pixels are those of the scaled image, not of box.source
};

}  // namespace trtyolo::cuda
