// Images in a GPU's memory, brought to the host.
#pragma once

#include <cstdint>
#include <vector>

#include "image/image_view.hpp"

namespace trtyolo::media {

// A view of pixels that it owns.
struct HostImage {
  ImageView view;
  std::vector<std::uint8_t> bytes;
};

// A copy of an image in the memory of this GPU. Throws DeviceError.
HostImage download(const ImageView& image, int gpu);

}  // namespace trtyolo::media
