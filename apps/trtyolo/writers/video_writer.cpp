// Annotated frames as videos: see video_writer.hpp.
#include "writers/video_writer.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <opencv2/imgproc.hpp>
#include <optional>
#include <stdexcept>

#include "media/ffmpeg/mp4_writer.hpp"
#include "terminal/reason.hpp"
#include "writers/mp4.hpp"
#include "writers/output_file.hpp"

namespace fs = std::filesystem;

namespace app {
namespace {

constexpr double kDefaultRate = 25;  // frames a second, of a camera that does not tell or a stream that tells nonsense
constexpr double kHighestRate = 240;
constexpr double kSameRate = 1.02;    // a rate that is higher by less is taken for the same
constexpr double kLongestGap = 3600;  // seconds; a longer one is a wrong time stamp

/// One video that is being written.
///
/// Its rate is constant. A frame is repeated until the next one's time has come; none is left out. The rate is known
/// when the second frame is: that of the source, or more if these two are closer to each other.
class Video {
 public:
  Video(const std::string& path, const Item& first)
      : path_(path), temporary_(path, ".part.mp4"), size_(first.image.size()), rate_(first.rate) {
    temporary_.close();  // FFmpeg writes it
    begin_ = first.time.value_or(0);
    last_ = first.image;
    open(usual(rate_));  // so that a failure is known at once
  }

  void add(const Item& item) {
    const double time = item.time.value_or(begin_ + static_cast<double>(frames_ + 1) / usual(rate_)) - begin_;
    if (frames_ == 0 && time > 0) {
      const double needed = usual(std::max(usual(rate_), std::min(1 / time, kHighestRate)));
      if (needed > usual(rate_) * kSameRate) open(rate_ = needed);
    }
    // The last frame stands until now.
    const long due = std::max(frames_ + 1, std::lround(time * usual(rate_)));
    write(std::min(due - frames_, std::lround(kLongestGap * usual(rate_))));
    last_ = item.image;
  }

  /// @throws std::runtime_error  names the file and the reason
  void finish() {
    write(1);
    TemporaryFile whole(path_, ".part.mp4");
    whole.close();
    attempt([&] { writer_->finish(whole.name()); });
    const long readable = framesInMp4(whole.name());
    if (readable != frames_) {
      fail("of " + std::to_string(frames_) + " frames " + std::to_string(readable) + " can be read back; " +
           freeSpace());
    }
    whole.putInPlace();
  }

 private:
  static double usual(double rate) { return rate > 0 && rate <= kHighestRate ? rate : kDefaultRate; }

  /// Does `work` of the encoder; a failure names the file.
  template <typename Work>
  void attempt(const Work& work) const {
    try {
      work();
    } catch (const std::exception& error) {
      fail(reasonOf(error));
    }
  }

  void open(double rate) {
    attempt([&] { writer_.emplace(temporary_.name(), size_.width, size_.height, rate); });
  }

  /// The last frame, so many times.
  void write(long times) {
    if (last_.size() != size_) {  // a stream may change its size; a video cannot
      cv::resize(cv::Mat(last_), last_, size_, 0, 0, cv::INTER_AREA);
    }
    attempt([&] { writer_->write(trtyolo::view(last_), times); });
    frames_ += times;
  }

  [[noreturn]] void fail(const std::string& reason) const {
    throw std::runtime_error("'" + path_ + "' cannot be written: " + reason);
  }

  std::string freeSpace() const {
    std::error_code error;
    const fs::space_info space = fs::space(fs::absolute(path_).parent_path(), error);
    if (error) return "is the disk full?";
    return "the disk has " + std::to_string(space.available / 1000000) + " MB left";
  }

  std::string path_;
  TemporaryFile temporary_;  ///< in fragments, which can be read if the process is killed
  cv::Size size_;
  double rate_, begin_ = 0;  ///< of the source; the first frame's time
  cv::Mat last_;             ///< frame, which is written when the next one's time is known
  std::optional<trtyolo::media::Mp4Writer> writer_;
  long frames_ = 0;  ///< written
};

class Videos final : public VideoWriter {
 public:
  void add(Item& item) override {
    if (!item.video || item.image.empty()) return;
    if (path_ != item.saveAs) {
      finish();
      path_ = item.saveAs;
      attempt(item, [&] { video_.emplace(path_, item); });
    } else if (video_) {
      attempt(item, [&] { video_->add(item); });
    }
  }

  void finish() override {
    try {
      if (video_) video_->finish();
    } catch (const std::exception& error) {
      spdlog::error("{}", reasonOf(error));
      failed_ = true;
    }
    video_.reset();
    path_.clear();
  }

  bool failed() const override { return failed_; }

 private:
  /// Does `work`; what it throws ends the video, and becomes the item's error.
  template <typename Work>
  void attempt(Item& item, const Work& work) {
    try {
      work();
    } catch (const std::exception& error) {
      item.addSaveError(reasonOf(error));
      failed_ = true;
      video_.reset();
    }
  }

  std::string path_;  ///< of the video that is being written, or could not be begun
  std::optional<Video> video_;
  bool failed_ = false;
};

}  // namespace

std::unique_ptr<VideoWriter> makeVideoWriter() {
  return std::make_unique<Videos>();
}

}  // namespace app
