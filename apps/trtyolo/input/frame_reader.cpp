// Frames of videos, cameras and streams: see frame_reader.hpp.
#include "input/frame_reader.hpp"

#include <spdlog/spdlog.h>

#include <cmath>
#include <filesystem>
#include <opencv2/videoio/registry.hpp>
#include <stdexcept>
#include <utility>

#include "input/url.hpp"
#include "terminal/printable.hpp"

namespace fs = std::filesystem;

namespace app {
namespace {

constexpr int kNetworkTimeout = 15000;       // milliseconds
constexpr double kLongestVideo = 1e7;        // seconds; what begins later has no time stamps
constexpr double kDefaultStep = 1.0 / 25.0;  // seconds

}  // namespace

int videoBackend() {
  return cv::videoio_registry::hasBackend(cv::CAP_FFMPEG) ? cv::CAP_FFMPEG : cv::CAP_ANY;
}

std::string placeOf(const std::string& file) {
  return fs::path(file).is_absolute() ? file : "./" + file;
}

FrameReader::FrameReader(const Source& source) {
  const int backend = videoBackend();
  try {
    if (source.kind == SourceKind::Camera) {
      capture_.open(std::stoi(source.name));
    } else if (source.kind == SourceKind::Stream && backend == cv::CAP_FFMPEG) {
      capture_.open(source.place(), backend,
                    {cv::CAP_PROP_OPEN_TIMEOUT_MSEC, kNetworkTimeout, cv::CAP_PROP_READ_TIMEOUT_MSEC, kNetworkTimeout});
    } else {
      capture_.open(source.kind == SourceKind::Stream ? source.place() : placeOf(source.place()), backend);
    }
  } catch (const cv::Exception& error) {
    throw std::runtime_error("OpenCV cannot open it: " + withoutPasswords(error.err));
  }
  if (!capture_.isOpened()) {
    if (source.kind == SourceKind::Camera) throw std::runtime_error("camera " + source.name + " cannot be opened");
    if (source.kind == SourceKind::Stream) throw std::runtime_error("the stream cannot be opened");
    std::error_code error;
    if (fs::file_size(source.name, error) == 0 && !error) throw std::runtime_error("the file is empty");
    throw std::runtime_error("neither an image nor a video that OpenCV can read, or damaged");
  }
  const double rate = capture_.get(cv::CAP_PROP_FPS), length = capture_.get(cv::CAP_PROP_FRAME_COUNT);
  if (std::isfinite(rate) && rate > 0) rate_ = rate;
  if (std::isfinite(length) && length > 0) length_ = std::lround(length);
  live_ = source.kind == SourceKind::Camera || (source.kind == SourceKind::Stream && length_ == 0 && !source.webFile);
}

trtyolo::ImageSize FrameReader::frameSize() const {
  const auto side = [&](int property) {
    const double value = capture_.get(property);
    return value > 0 && std::isfinite(value) ? static_cast<std::size_t>(value) : 0;
  };
  return {side(cv::CAP_PROP_FRAME_WIDTH), side(cv::CAP_PROP_FRAME_HEIGHT)};
}

bool FrameReader::read(cv::Mat& frame) {
  Frame next;
  if (!ahead_.empty()) {
    next = std::move(ahead_.front());
    ahead_.pop_front();
  } else if (!readNext(next)) {
    return false;
  }
  frame = std::move(next.image);
  time_ = offset_ + next.time;
  return true;
}

bool FrameReader::single() {
  for (Frame next; ahead_.size() < 2 && readNext(next); next = {}) ahead_.push_back(std::move(next));
  return ahead_.size() == 1;
}

bool FrameReader::readNext(Frame& frame) {
  if (!capture_.read(frame.image)) return false;
  frame.time = timeOfNext();
  ++count_;
  return true;
}

double FrameReader::timeOfNext() {
  using Clock = std::chrono::steady_clock;
  if (count_ == 0) {
    begin_ = Clock::now();
    first_ = capture_.get(cv::CAP_PROP_POS_MSEC) / 1000;  // NOLINT(readability-magic-numbers)
    if (first_ >= 0 && first_ < kLongestVideo) first_ = 0;
    step_ = rate_ > 0 ? 1 / rate_ : kDefaultStep;
    return 0;
  }
  const double clock = std::chrono::duration<double>(Clock::now() - begin_).count();
  const double stamp = capture_.get(cv::CAP_PROP_POS_MSEC) / 1000 - first_;  // NOLINT(readability-magic-numbers)
  // OpenCV 4.6 does not know the times of the last frames of a video that stores them in another order.
  const double time = live_ ? clock : stamp > last_ ? stamp : last_ + step_;
  step_ = time - last_;
  last_ = time;
  return time;
}

void warnIfCutOff(const Source& source, const FrameReader& frames, long count) {
  const long length = frames.length();
  // Headers may be off by a few frames; a file that was cut off lacks many, and ends early: where frames do not come at
  // a constant rate, their number is no more than a guess.
  const auto nearly = [](auto all) { return all - all / 50 - 2; };
  if (count >= nearly(length)) return;
  if (frames.rate() > 0 && frames.time() * frames.rate() >= nearly(static_cast<double>(length))) return;
  spdlog::warn("{}: the file says that it has {} frames, and only {} can be read", oneLine(source.name), length, count);
}

}  // namespace app
