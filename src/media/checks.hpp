// What is checked of encoded images before and after they are decoded, whoever decodes them.
#pragma once

#include <cstddef>
#include <string>

#include "trtyolo/encoded.hpp"

namespace trtyolo::media {

// "an image of 2 x 3 pixels takes ..." is refused here. Throws DecodeError: there are no bytes, they begin as no image
// does, or say that there are more than `mostBytes` of pixels. `codec`: who would decode it, for messages.
void checkBefore(const EncodedImage& image, std::size_t mostBytes, const std::string& codec);

inline constexpr const char* kCutOff = "the JPEG image is damaged: it is cut off before its end";

// Throws DecodeError if a codec has filled what is missing of the image.
void checkAfter(const EncodedImage& image);

// The error of what `codec` could not read.
[[noreturn]] void failUnreadable(const EncodedImage& image, const std::string& codec);

}  // namespace trtyolo::media
