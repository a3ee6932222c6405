// Where the component is built without FFmpeg.
#include "trtyolo/media.hpp"
#include "trtyolo/video.hpp"

namespace trtyolo {

VideoError::~VideoError() = default;
VideoTimeoutError::~VideoTimeoutError() = default;
VideoInterruptedError::~VideoInterruptedError() = default;

class VideoReader::Impl {};

VideoReader::VideoReader(const std::string& source, const VideoOption& /*option*/) {
  throw VideoError(withoutPasswords(source) + ": this library was built without FFmpeg, which reads videos");
}
VideoReader::~VideoReader() = default;
VideoReader::VideoReader(VideoReader&&) noexcept = default;
VideoReader& VideoReader::operator=(VideoReader&&) noexcept = default;

// No reader can be made, so none of these is ever called.
std::optional<VideoFrame> VideoReader::read() {
  return std::nullopt;
}
bool VideoReader::skip() {
  return false;
}
void VideoReader::interrupt() noexcept {}
int VideoReader::width() const {
  return 0;
}
int VideoReader::height() const {
  return 0;
}
double VideoReader::fps() const {
  return 0;
}
std::int64_t VideoReader::frames() const {
  return 0;
}
double VideoReader::duration() const {
  return 0;
}
std::string VideoReader::codec() const {
  return {};
}
std::optional<int> VideoReader::gpu() const {
  return std::nullopt;
}
std::string VideoReader::whyNoGpu() const {
  return {};
}
VideoCounts VideoReader::counts() const {
  return {};
}

}  // namespace trtyolo
