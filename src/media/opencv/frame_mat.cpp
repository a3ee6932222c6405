// Frames of videos as 8-bit BGR.
#include <opencv2/imgproc.hpp>
#include <stdexcept>
#include <string>

#include "api/image_check.hpp"
#include "image/row_source.hpp"
#include "media/frame_download.hpp"
#include "trtyolo/media_opencv.hpp"

namespace trtyolo {
namespace {

// Converts rows of so many channels, in the order BGR or RGB, to BGR.
void toBgr(const cv::Mat& from, bool bgr, cv::Mat& to) {
  switch (from.channels()) {
    case 1:
      return cv::cvtColor(from, to, cv::COLOR_GRAY2BGR);
    case 4:
      return cv::cvtColor(from, to, bgr ? cv::COLOR_BGRA2BGR : cv::COLOR_RGBA2BGR);
    default:
      return bgr ? from.copyTo(to) : cv::cvtColor(from, to, cv::COLOR_RGB2BGR);
  }
}

// Only read from.
cv::Mat matOfRows(const std::uint8_t* first, int rows, const ImageView& view, std::size_t pitch) {
  return {rows, view.size.width, CV_8UC(view.channels), const_cast<std::uint8_t*>(first), pitch};
}

}  // namespace

cv::Mat matOf(const VideoFrame& frame) {
  std::string wrong = complaintAbout(frame.image);
  if (wrong.empty() && frame.image.memory == ImageMemory::Device && !frame.gpu) {
    wrong = "it is in the memory of a GPU (Image::memory), and VideoFrame::gpu names none";
  }
  if (!wrong.empty()) {
    throw std::invalid_argument("matOf: " + wrong);
  }
  ImageView view = viewOf(frame.image);
  media::HostImage host;
  if (frame.gpu) {
    host = media::download(view, *frame.gpu);
    view = host.view;
  }
  cv::Mat mat(view.size.height, view.size.width, CV_8UC3);
  if (!view.conversion.needed()) {
    toBgr(matOfRows(view.data, view.size.height, view, view.pitch), frame.bgr, mat);
    return mat;
  }
  view.conversion.bgr = true;
  RowSource rows;
  rows.open(view, 1);
  for (int y = 0; y < view.size.height; ++y) {
    cv::Mat row = mat.row(y);
    toBgr(matOfRows(rows.row(y), 1, view, cv::Mat::AUTO_STEP), true, row);
  }
  return mat;
}

}  // namespace trtyolo
