// Frames of videos as 8-bit BGR.
#include "media/frame_bgr.hpp"
#include "trtyolo/media_opencv.hpp"

namespace trtyolo {

cv::Mat matOf(const VideoFrame& frame) {
  media::checkFrame("matOf", frame.image, frame.gpu);
  cv::Mat mat(frame.image.height, frame.image.width, CV_8UC3);
  media::writeBgr(frame.image, frame.gpu, frame.bgr, mat.data);
  return mat;
}

}  // namespace trtyolo
