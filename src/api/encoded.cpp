// Encoded images, as far as they are the core's business.
#include "trtyolo/encoded.hpp"

#include <limits>

namespace trtyolo {

std::size_t ImageSize::bytes() const {
  constexpr std::size_t kChannels = 3, kMost = std::numeric_limits<std::size_t>::max() / 2;
  if (width != 0 && height > kMost / kChannels / width) {
    return kMost;
  }
  return kChannels * width * height;
}

ImageDecoder::~ImageDecoder() = default;

}  // namespace trtyolo
