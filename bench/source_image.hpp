// The image that is predicted.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "trtyolo.hpp"

namespace bench {

/// BGR, 8 bits a channel, rows without gaps.
struct SourceImage {
  int width = 0, height = 0;
  std::vector<std::uint8_t> pixels;

  trtyolo::Image view() const { return {pixels.data(), width, height}; }
};

/// Reads a file, or throws std::runtime_error.
using ImageReader = std::function<SourceImage(const std::string&)>;

/// Shapes on a slope of colour, under noise: neither uniform nor without structure, and the same on every machine.
SourceImage drawnImage(int width, int height);

/// Reads a binary PPM file ("P6", 8 bits a channel).
/// @throws std::runtime_error  it is not there, not one, or too short
SourceImage readPpm(const std::string& file);

}  // namespace bench
