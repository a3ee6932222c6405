// What is checked of encoded images before and after they are decoded, whoever decodes them.
#pragma once

#include <cstddef>
#include <string>

#include "trtyolo/encoded.hpp"

namespace trtyolo::media {

// "an image of 2 x 3 pixels takes ..." is refused here. Throws DecodeError: there are no bytes, they begin as no image
// does, or say that there are more than `mostBytes` of pixels. `codec`: who would decode it, for messages.
void checkBefore(const EncodedImage& image, std::size_t mostBytes, const std::string& codec);

// Throws DecodeError if a codec has filled what is missing of the image.
void checkAfter(const EncodedImage& image);

// Throws DecodeError, which says the kind, if it is a JPEG image of one that few codecs read: of what `codec` could not
// read.
void checkKind(const EncodedImage& image, const std::string& codec);

// The error of what `codec` could not read.
[[noreturn]] void failUnreadable(const EncodedImage& image, const std::string& codec);

}  // namespace trtyolo::media
