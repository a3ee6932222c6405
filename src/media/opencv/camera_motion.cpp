#include "trtyolo/camera_motion.hpp"

#include <cstddef>
#include <cstdint>
#include <opencv2/calib3d.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/video/tracking.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "media/frame_bgr.hpp"
#include "trtyolo/errors.hpp"

namespace trtyolo {
namespace {

using Points = std::vector<cv::Point2f>;

constexpr int kShrink = 2;  // what is looked at has sides of one such part
// Corners: so many at most, as good as this share of the best, at this distance, of blocks of this size.
constexpr int kMostCorners = 400, kBlock = 3;
constexpr double kQuality = 0.01, kCornerDistance = 0;
constexpr std::size_t kLeastCorners = 5;

cv::Mat shrunkenGrey(const Image& image, std::optional<int> gpu, bool bgr) {
  media::checkFrame("CameraMotion", image, gpu);
  const cv::Size size(image.width, image.height);
  cv::Mat grey;
  if (image.format == PixelFormat::Interleaved && !gpu && image.channels != 4) {
    // Only read from.
    const cv::Mat pixels(size, CV_8UC(image.channels), const_cast<void*>(image.ptr),
                         image.pitch ? image.pitch : static_cast<std::size_t>(cv::Mat::AUTO_STEP));
    grey = pixels;
    if (image.channels == 3) {
      cv::cvtColor(pixels, grey, bgr ? cv::COLOR_BGR2GRAY : cv::COLOR_RGB2GRAY);
    }
  } else {
    cv::Mat pixels(size, CV_8UC3);
    media::writeBgr(image, gpu, bgr, pixels.data);
    cv::cvtColor(pixels, grey, cv::COLOR_BGR2GRAY);
  }
  const cv::Size half = size / kShrink;
  cv::Mat shrunken;
  if (!half.empty()) {
    cv::resize(grey, shrunken, half);
  }
  return shrunken;
}

Points cornersOf(const cv::Mat& grey) {
  Points corners;
  if (!grey.empty()) {
    cv::goodFeaturesToTrack(grey, corners, kMostCorners, kQuality, kCornerDistance, cv::noArray(), kBlock);
  }
  return corners;
}

Motion motionBetween(const cv::Mat& before, const Points& corners, const cv::Mat& now) {
  if (before.size() != now.size() || corners.empty()) {
    return {};
  }
  Points moved, from, to;
  std::vector<std::uint8_t> found;
  cv::calcOpticalFlowPyrLK(before, now, corners, moved, found, cv::noArray());
  for (std::size_t i = 0; i < corners.size(); ++i) {
    if (found[i]) {
      from.push_back(corners[i]);
      to.push_back(moved[i]);
    }
  }
  if (from.size() < kLeastCorners) {
    return {};
  }
  const cv::Mat affine = cv::estimateAffinePartial2D(from, to);
  if (affine.empty()) {
    return {};
  }
  const auto* const x = affine.ptr<double>(0);
  const auto* const y = affine.ptr<double>(1);
  return {x[0], x[1], kShrink * x[2], y[0], y[1], kShrink * y[2]};
}

}  // namespace

class CameraMotion::State {
 public:
  explicit State(bool bgr) : bgr_(bgr) {}

  Motion next(const Image& image, std::optional<int> gpu, bool bgr) {
    try {
      cv::Mat grey = shrunkenGrey(image, gpu, bgr);
      Points corners = cornersOf(grey);
      const Motion motion = motionBetween(before_, corners_, grey);
      before_ = std::move(grey);
      corners_ = std::move(corners);
      return motion;
    } catch (const cv::Exception& error) {
      throw Error("CameraMotion: OpenCV: " + (error.err.empty() ? error.msg : error.err));
    }
  }

  bool bgr() const { return bgr_; }

 private:
  bool bgr_;
  cv::Mat before_;  // never written to: copies share it
  Points corners_;  // of it
};

CameraMotion::CameraMotion(bool bgr) : state_(std::make_unique<State>(bgr)) {}
CameraMotion::CameraMotion(const CameraMotion& other) : state_(std::make_unique<State>(*other.state_)) {}
CameraMotion::CameraMotion(CameraMotion&& other) noexcept = default;
CameraMotion& CameraMotion::operator=(const CameraMotion& other) {
  return *this = CameraMotion(other);
}
CameraMotion& CameraMotion::operator=(CameraMotion&& other) noexcept = default;
CameraMotion::~CameraMotion() = default;

Motion CameraMotion::next(const Image& frame) {
  return state_->next(frame, std::nullopt, state_->bgr());
}

Motion CameraMotion::next(const VideoFrame& frame) {
  return state_->next(frame.image, frame.gpu, frame.bgr);
}

void CameraMotion::reset() {
  state_ = std::make_unique<State>(state_->bgr());
}

}  // namespace trtyolo
