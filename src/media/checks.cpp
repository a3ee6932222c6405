#include "media/checks.hpp"

#include <optional>

#include "trtyolo/errors.hpp"
#include "trtyolo/media.hpp"

namespace trtyolo::media {
namespace {

constexpr std::size_t kMega = 1000000;
constexpr std::size_t kMostBytes = (std::size_t{1} << 31U) - (std::size_t{1} << 20U);  // codecs count with int

}  // namespace

void checkBefore(const EncodedImage& image, std::size_t mostBytes, const std::string& codec) {
  if (image.size == 0) {
    throw DecodeError("the file is empty");
  }
  if (image.bytes == nullptr) {
    throw DecodeError("its pointer is null (" + std::to_string(image.size) + " bytes)");
  }
  if (image.size > kMostBytes) {
    throw DecodeError("it is larger than " + std::to_string(kMostBytes >> 20U) + " MiB, which is the most");
  }
  const std::optional<ImageSize> size = imageSize(image);
  if (!size) {
    failUnreadable(image, codec);
  }
  if (size->bytes() > mostBytes) {
    throw DecodeError("an image of " + std::to_string(size->width) + " x " + std::to_string(size->height) +
                      " pixels takes " + std::to_string(size->bytes() / kMega) + " MB, and an image may take " +
                      std::to_string(mostBytes / kMega) + " MB (ImageDecoderOption::maxPixelBytes)");
  }
}

void checkAfter(const EncodedImage& image) {
  if (!hasItsEnd(image)) {
    throw DecodeError(kCutOff);
  }
}

void failUnreadable(const EncodedImage& image, const std::string& codec) {
  checkAfter(image);
  if (imageContent(image) == ImageContent::FirstFrame) {
    throw DecodeError("an animated image, which this version of " + codec + " cannot read");
  }
  throw DecodeError("not an image that " + codec.substr(0, codec.find(' ')) + " can read, or damaged");
}

}  // namespace trtyolo::media
