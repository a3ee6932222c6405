// Annotated frames as videos: see makeVideoWriter() in writer.hpp.
#include <cmath>
#include <filesystem>
#include <opencv2/imgproc.hpp>
#include <opencv2/videoio.hpp>
#include <optional>
#include <stdexcept>

#include "output_file.hpp"
#include "sources.hpp"
#include "writer.hpp"

namespace fs = std::filesystem;

namespace app {
namespace {

constexpr double kUsualRate = 25;  // for a camera that does not tell, and a stream that tells nonsense
constexpr double kHighestRate = 240;

/// One video that is being written. OpenCV tells of no failure while it writes, so the file is looked at when it is
/// complete.
class Video {
 public:
  Video(const std::string& path, double rate, cv::Size size)
      : path_(path), temporary_(temporaryName(path, ".part.mp4")), size_(size) {
    // MPEG-4: H.264 would be half the size, but takes ten times the time away from the clones.
    const int codec = cv::VideoWriter::fourcc('m', 'p', '4', 'v');
    bool open = false;
    try {
      open =
          writer_.open(temporary_, videoBackend(), codec, rate > 0 && rate <= kHighestRate ? rate : kUsualRate, size);
    } catch (const cv::Exception&) {
    }
    if (!open) {
      discard();
      throw std::runtime_error("'" + path + "' cannot be written: OpenCV cannot make an MP4 video of " +
                               std::to_string(size.width) + " x " + std::to_string(size.height) + " pixels in '" +
                               fs::absolute(path).parent_path().string() + "'");
    }
  }

  ~Video() {
    writer_.release();
    discard();
  }

  Video(const Video&) = delete;
  Video& operator=(const Video&) = delete;

  const std::string& path() const { return path_; }

  void add(const cv::Mat& frame) {
    if (frame.size() == size_) {
      writer_.write(frame);
    } else {  // a stream may change its size; a video cannot
      cv::Mat resized;
      cv::resize(frame, resized, size_, 0, 0, cv::INTER_AREA);
      writer_.write(resized);
    }
    ++frames_;
  }

  void finish() {
    writer_.release();
    const cv::VideoCapture written(temporary_, videoBackend());
    const long readable = written.isOpened() ? std::lround(written.get(cv::CAP_PROP_FRAME_COUNT)) : 0;
    if (readable != frames_) {
      throw std::runtime_error("'" + path_ + "' cannot be written: of " + std::to_string(frames_) + " frames " +
                               std::to_string(readable) + " can be read back; " + freeSpace());
    }
    putInPlace(temporary_, path_);
  }

 private:
  void discard() const {
    std::error_code ignored;
    fs::remove(temporary_, ignored);
  }

  std::string freeSpace() const {
    std::error_code error;
    const fs::space_info space = fs::space(fs::absolute(path_).parent_path(), error);
    if (error) return "is the disk full?";
    return "the disk has " + std::to_string(space.available / 1000000) + " MB left";
  }

  std::string path_, temporary_;
  cv::Size size_;
  cv::VideoWriter writer_;
  long frames_ = 0;
};

class VideoWriter final : public Writer {
 public:
  void add(const Item& item) override {
    if (!hasFrames(*item.source) || item.picture.empty()) return;
    if (video_ && video_->path() != item.saveAs) finish();
    if (!video_) video_.emplace(item.saveAs, item.rate, item.size);
    video_->add(item.picture);
  }

  void finish() override {
    if (video_) video_->finish();
    video_.reset();
  }

 private:
  std::optional<Video> video_;
};

}  // namespace

std::unique_ptr<Writer> makeVideoWriter() {
  return std::make_unique<VideoWriter>();
}

}  // namespace app
