// JPEG images with fewer pixels than they have, which their coding gives for less work.
#pragma once

#include "trtyolo/encoded.hpp"

namespace trtyolo::media {

struct Reduction {
  int divisor = 1;      // of both sides, which are rounded up: 1, 2, 4 or 8
  ImageSize file = {};  // the sides as the file says them, before the image is turned; only if `divisor` is not 1
};

// The largest that leaves enough pixels for the target, however the image is turned. Of what is no JPEG image: none.
Reduction reductionFor(const EncodedImage& image, const DecodeTarget& target);

// What DecodedImage::whole is of an image that was decoded in this way.
ImageSize wholeOf(const Image& decoded, const Reduction& reduction);

}  // namespace trtyolo::media
