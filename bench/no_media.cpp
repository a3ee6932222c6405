// Without the component media nothing is decoded: see encoded.hpp.
#include <stdexcept>

#include "encoded.hpp"

namespace trtyolo {
class MediaDecoder {};
class VideoReader {};
struct VideoFrame {};
}  // namespace trtyolo

namespace bench {
namespace {

[[noreturn]] void refuse() {
  throw std::runtime_error("this program was built without the component media, which decodes images and videos");
}

}  // namespace

const bool kHasMedia = false;

std::vector<std::string> jpegPaths(const std::string&) {
  refuse();
}

std::vector<std::string> jpegFiles(const std::string&, int, int) {
  refuse();
}

std::pair<int, int> jpegSize(const std::vector<std::string>&) {
  refuse();
}

std::pair<int, int> videoSize(const std::string&) {
  refuse();
}

JpegImages::JpegImages(std::vector<std::string>, std::optional<int>) {
  refuse();
}

std::shared_ptr<trtyolo::ImageDecoder> JpegImages::decoder() const {
  refuse();
}

int JpegImages::threads(std::optional<int>) const {
  refuse();
}

Speed JpegImages::decode(std::size_t, std::optional<int>, double) const {
  refuse();
}

nlohmann::ordered_json JpegImages::counts() const {
  refuse();
}

VideoStream::VideoStream(std::string, std::optional<int>, int) : threads_(0) {
  refuse();
}

VideoStream::~VideoStream() = default;

Speed VideoStream::decode(double) {
  refuse();
}

Speed VideoStream::predict(trtyolo::Pool<>&, std::size_t, double) {
  refuse();
}

Paced VideoStream::paced(trtyolo::Pool<>&, Clock::time_point, Clock::time_point, double) {
  refuse();
}

double VideoStream::fps() {
  refuse();
}

std::uint64_t VideoStream::onGpu() const {
  refuse();
}

std::uint64_t VideoStream::onCpu() const {
  refuse();
}

std::string VideoStream::whyNoGpu() const {
  refuse();
}

}  // namespace bench
