#include "media/checks.hpp"

#include <optional>

#include "media/jpeg_frame.hpp"
#include "media/text_of.hpp"
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
  // OpenCV reads it by a file of its own, which stays open where the image is damaged: a process has so many.
  if (textOf(image).starts_with("#?")) {
    throw DecodeError("a Radiance image (.hdr), which is not decoded; save it as PNG or TIFF");
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
    throw DecodeError("the JPEG image is damaged: it is cut off before its end");
  }
}

void checkKind(const EncodedImage& image, const std::string& codec) {
  constexpr unsigned kLossless = 0xC3, kFirstArithmetic = 0xC9, kBits = 8;
  const std::optional<JpegFrame> frame = jpegFrame(image);
  if (!frame) {
    return;
  }
  const auto fail = [&](const std::string& kind) {
    throw DecodeError("a JPEG image " + kind + ", which this version of " + codec + " cannot read, or damaged");
  };
  if (frame->bits != kBits) {
    fail("with " + std::to_string(frame->bits) + " bits a channel");
  }
  if (frame->process == kLossless) {
    fail("without loss");
  }
  if (frame->process >= kFirstArithmetic) {
    fail("with arithmetic coding");
  }
}

void failUnreadable(const EncodedImage& image, const std::string& codec) {
  checkAfter(image);
  checkKind(image, codec);
  if (imageContent(image) == ImageContent::FirstFrame) {
    throw DecodeError("an animated image, which this version of " + codec + " cannot read");
  }
  throw DecodeError("not an image that " + codec.substr(0, codec.find(' ')) + " can read, or damaged");
}

}  // namespace trtyolo::media
