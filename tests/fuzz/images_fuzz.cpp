// Fuzzes what is told of image files without decoding, and decoding on the CPU: any bytes give an image that is what it
// said, or a DecodeError. Built with libFuzzer, AddressSanitizer and UndefinedBehaviorSanitizer by scripts/fuzz; OpenCV
// and its codecs are the distribution's.
#include <cstdint>
#include <cstdlib>
#include <opencv2/core/utils/logger.hpp>
#include <optional>

#include "media/jpeg_frame.hpp"
#include "trtyolo/errors.hpp"
#include "trtyolo/media.hpp"
#include "trtyolo/media_opencv.hpp"

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  constexpr std::size_t kMostBytes = std::size_t{16} << 20;
  const trtyolo::EncodedImage image{bytes, size};
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
  try {
    const cv::Mat decoded = trtyolo::decodeMat(image, kMostBytes);
    const bool sound = said && whole && decoded.type() == CV_8UC3 && decoded.total() > 0 &&
                       decoded.total() * decoded.elemSize() <= kMostBytes;
    if (!sound) {
      std::abort();
    }
  } catch (const trtyolo::DecodeError&) {
    // A refusal is a good answer.
  }
  return 0;
}
