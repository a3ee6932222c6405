// What a JPEG file says of its coding.
#pragma once

#include <optional>

#include "trtyolo/encoded.hpp"

namespace trtyolo::media {

struct JpegFrame {
  unsigned process;  // 0xC0 baseline, 0xC1 extended, 0xC2 progressive, from 0xC9 on arithmetic coding, ...
  unsigned bits;     // of a value
  unsigned components;
};

// nullopt if it is no JPEG file, or damaged in front of the pixels.
std::optional<JpegFrame> jpegFrame(const EncodedImage& image);

}  // namespace trtyolo::media
