// Fuzzes what is told of image files without decoding, and decoding on the CPU, whole and reduced: any bytes give an
// image that is what it said, or a DecodeError. Built with libFuzzer, AddressSanitizer and UndefinedBehaviorSanitizer
// by scripts/fuzz; OpenCV and its codecs are the distribution's.
#include <cstdint>
#include <cstdlib>
#include <opencv2/core/utils/logger.hpp>
#include <optional>

#include "image/geometry.hpp"
#include "media/jpeg_frame.hpp"
#include "trtyolo/errors.hpp"
#include "trtyolo/media.hpp"
#include "trtyolo/media_opencv.hpp"

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
  return 0;
}

namespace {

constexpr std::size_t kMostBytes = std::size_t{16} << 20;

// As models have it, for a network that is small enough for most images to be reduced.
trtyolo::DecodeTarget smallTarget() {
  trtyolo::DecodeTarget target;
  target.enough = [](const trtyolo::ImageSize& whole) {
    const trtyolo::Size size{static_cast<int>(whole.width), static_cast<int>(whole.height)};
    const trtyolo::Size scaled = trtyolo::Letterbox::fit(size, {8, 4}).scaled;
    return trtyolo::ImageSize{static_cast<std::size_t>(scaled.width), static_cast<std::size_t>(scaled.height)};
  };
  return target;
}

// A decoder gives an image with all its pixels in memory, or an error; and a reduced one is of an image of the size
// that it has when it is whole. `whole`: that size, if it could be decoded.
void decodeReduced(const trtyolo::EncodedImage& image, const std::optional<cv::Size>& whole) {
  static const auto decoder = [] {
    trtyolo::ImageDecoderOption option;
    option.maxPixelBytes = kMostBytes;
    option.threads = 1;
    return trtyolo::makeImageDecoder(option);
  }();
  static const trtyolo::DecodeTarget target = smallTarget();
  trtyolo::DecodedImage decoded;
  decoder->decode(&image, 1, target, &decoded);
  if (decoded.error) {
    try {
      std::rethrow_exception(decoded.error);
    } catch (const trtyolo::DecodeError&) {
      return;
    }
  }
  const trtyolo::Image& found = decoded.image;
  volatile unsigned sum = 0;
  for (int y = 0; y < found.height; ++y) {
    const auto* const row = static_cast<const std::uint8_t*>(found.ptr) + static_cast<std::size_t>(y) * found.pitch;
    for (int x = 0; x < found.width * found.channels; ++x) {
      sum = sum + row[x];
    }
  }
  const bool reduced = decoded.whole.width > 0;
  const trtyolo::ImageSize said =
      reduced ? decoded.whole
              : trtyolo::ImageSize{static_cast<std::size_t>(found.width), static_cast<std::size_t>(found.height)};
  if (whole && (said.width != static_cast<std::size_t>(whole->width) ||
                said.height != static_cast<std::size_t>(whole->height))) {
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t count) {
  const trtyolo::EncodedImage image{bytes, count};
  trtyolo::imageContent(image);
  trtyolo::isImage(image);
  trtyolo::isAvif(image);
  trtyolo::hasMorePages(image);
  const bool whole = trtyolo::hasItsEnd(image);
  trtyolo::media::jpegFrame(image);
  for (const long page : {1L, 1000L}) {
    trtyolo::imageSize(image, page);
  }
  const std::optional<trtyolo::ImageSize> said = trtyolo::imageSize(image);
  std::optional<cv::Size> size;
  try {
    const cv::Mat decoded = trtyolo::decodeMat(image, kMostBytes);
    const bool sound = said && whole && decoded.type() == CV_8UC3 && decoded.total() > 0 &&
                       decoded.total() * decoded.elemSize() <= kMostBytes;
    if (!sound) {
      std::abort();
    }
    size = decoded.size();
  } catch (const trtyolo::DecodeError&) {
    // A refusal is a good answer.
  }
  decodeReduced(image, size);
  return 0;
}
