#include "media/reduction.hpp"

#include <cstddef>
#include <optional>

#include "media/jpeg_frame.hpp"
#include "trtyolo/media.hpp"

namespace trtyolo::media {
namespace {

ImageSize divided(const ImageSize& size, std::size_t divisor) {
  return {(size.width + divisor - 1) / divisor, (size.height + divisor - 1) / divisor};
}

ImageSize turned(const ImageSize& size) {
  return {size.height, size.width};
}

bool isEnough(const ImageSize& whole, std::size_t divisor, const DecodeTarget& target) {
  const ImageSize enough = target.enough(whole), reduced = divided(whole, divisor);
  return reduced.width >= enough.width && reduced.height >= enough.height;
}

bool has(const Image& image, const ImageSize& size) {
  return static_cast<std::size_t>(image.width) == size.width && static_cast<std::size_t>(image.height) == size.height;
}

}  // namespace

Reduction reductionFor(const EncodedImage& image, const DecodeTarget& target) {
  const std::optional<ImageSize> size = target.enough && jpegFrame(image) ? imageSize(image) : std::nullopt;
  if (!size || size->width == 0 || size->height == 0) {
    return {};
  }
  for (const int divisor : {8, 4, 2}) {
    const auto by = static_cast<std::size_t>(divisor);
    const ImageSize reduced = divided(*size, by);
    // The codec turns the image, and of two sides that become equal nobody could tell which was which.
    const bool square = size->width == size->height;
    if ((square || reduced.width != reduced.height) && isEnough(*size, by, target) &&
        isEnough(turned(*size), by, target)) {
      return {divisor, *size};
    }
  }
  return {};
}

ImageSize wholeOf(const Image& decoded, const Reduction& reduction) {
  const ImageSize reduced = divided(reduction.file, static_cast<std::size_t>(reduction.divisor));
  if (reduction.divisor == 1) {
    return {};
  }
  if (has(decoded, reduced)) {
    return reduction.file;
  }
  return has(decoded, turned(reduced)) ? turned(reduction.file) : ImageSize();
}

}  // namespace trtyolo::media
