// Frames of videos as 8-bit BGR, in memory that the caller has.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "trtyolo/image.hpp"

namespace trtyolo::media {

// Throws std::invalid_argument, which begins with `what`, if the image is not what Image says it must be.
void checkFrame(const std::string& what, const Image& image, std::optional<int> gpu);

// Writes the pixels of a checked image, of this GPU's memory or the host's, as rows of BGR without gaps, converted as
// models convert them. `bgr`: the order of its channels, if it has three or four. Throws DeviceError.
void writeBgr(const Image& image, std::optional<int> gpu, bool bgr, std::uint8_t* to);

}  // namespace trtyolo::media
