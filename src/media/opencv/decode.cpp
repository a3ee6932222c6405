// Decoding on the CPU, by OpenCV's image codecs.
#include <new>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <string>

#include "media/checks.hpp"
#include "media/image_decoder.hpp"
#include "trtyolo/media_opencv.hpp"

namespace trtyolo {
namespace {

const char* const kName = "OpenCV (" CV_VERSION ")";

// The reason in words, without what only OpenCV's developers want to know.
std::string reasonOf(const std::exception& error) {
  const auto* const ofOpenCv = dynamic_cast<const cv::Exception*>(&error);
  if (dynamic_cast<const std::bad_alloc*>(&error) || (ofOpenCv && ofOpenCv->code == cv::Error::StsNoMem)) {
    return "there is not enough memory for it";
  }
  return ofOpenCv ? (ofOpenCv->err.empty() ? ofOpenCv->msg : ofOpenCv->err) : error.what();
}

int modeFor(int divisor) {
  switch (divisor) {
    case 2:
      return cv::IMREAD_REDUCED_COLOR_2;
    case 4:
      return cv::IMREAD_REDUCED_COLOR_4;
    case 8:
      return cv::IMREAD_REDUCED_COLOR_8;
    default:
      return cv::IMREAD_COLOR;
  }
}

// 8-bit BGR, upright; what the checks have let through.
cv::Mat decodeByOpenCv(const EncodedImage& image, int divisor) {
  cv::Mat decoded;
  try {
    // Only read from.
    const cv::Mat bytes(1, static_cast<int>(image.size), CV_8U, const_cast<void*>(image.bytes));
    decoded = cv::imdecode(bytes, modeFor(divisor));
  } catch (const std::exception& error) {
    throw DecodeError("OpenCV cannot decode the image: " + reasonOf(error));
  }
  if (decoded.empty()) {
    media::failUnreadable(image, kName);
  }
  return decoded;
}

class OpenCvCodec final : public media::CpuCodec {
 public:
  std::string name() const override { return kName; }

  DecodedImage decode(const EncodedImage& image, bool bgr, int divisor) const override {
    auto decoded = std::make_shared<cv::Mat>(decodeByOpenCv(image, divisor));
    if (!bgr) {
      cv::cvtColor(*decoded, *decoded, cv::COLOR_BGR2RGB);
    }
    return {{decoded->data, decoded->cols, decoded->rows, decoded->channels(), decoded->step[0]},
            std::nullopt,
            decoded,
            nullptr};
  }
};

}  // namespace

cv::Mat decodeMat(const EncodedImage& image, std::size_t mostBytes) {
  media::checkBefore(image, mostBytes, kName);
  cv::Mat decoded = decodeByOpenCv(image, 1);
  media::checkAfter(image);
  return decoded;
}

std::shared_ptr<MediaDecoder> makeImageDecoder(const ImageDecoderOption& option) {
  return std::make_shared<media::Decoder>(option, std::make_unique<OpenCvCodec>());
}

}  // namespace trtyolo
