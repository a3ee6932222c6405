// Frames of videos, cameras and streams.
#pragma once

#include <chrono>
#include <deque>
#include <opencv2/core/mat.hpp>
#include <opencv2/videoio.hpp>
#include <string>

#include "input/sources.hpp"
#include "trtyolo/media.hpp"

namespace app {

/// OpenCV's backend for videos: FFmpeg where it is built in. GStreamer's waits for ever for a damaged file, and the one
/// for numbered images takes names like img_001.dat for a series.
int videoBackend();

/// The name of a file as FFmpeg takes it: one with a colon, 12:30.mp4, is no URL.
std::string placeOf(const std::string& file);

/// Frames of a video, camera or stream. For one thread.
class FrameReader {
 public:
  /// @throws std::runtime_error  says why it cannot be opened, without the source's name
  explicit FrameReader(const Source& source);

  /// Reads the next frame into memory of its own, 8-bit BGR; false at the end.
  bool read(cv::Mat& frame);
  /// Skips the next frame; false at the end.
  bool skip() { return ahead_.empty() && capture_.grab(); }
  /// True if there is one frame and no more: a GIF that is a picture. Reads two ahead; to be asked before the first
  /// read.
  bool single();

  /// Of the frame that was read last, in seconds from the first: of a file or a stream with time stamps as those say,
  /// else by the clock. Rises from frame to frame.
  double time() const { return time_; }
  /// Counts time() from an earlier moment: of a camera that was opened again, from when its first frame came.
  void goOnFrom(std::chrono::steady_clock::time_point first) {
    offset_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - first).count();
  }
  /// Frames a second; 0 if not known.
  double rate() const { return rate_; }
  /// Of each frame, as the capture tells; 0 x 0 if it does not.
  trtyolo::ImageSize frameSize() const;
  /// Frames in all, as far as the file's header tells; 0 if not known.
  long length() const { return length_; }
  /// Seconds in all, as far as the file's header tells; 0 if not known.
  double duration() const { return rate_ > 0 ? static_cast<double>(length_) / rate_ : 0; }
  /// True if frames come at their own pace, read or not.
  bool live() const { return live_; }

 private:
  struct Frame {
    cv::Mat image;
    double time = 0;
  };

  bool readNext(Frame& frame);
  double timeOfNext();

  cv::VideoCapture capture_;
  double rate_ = 0;
  long length_ = 0;
  bool live_ = false;

  std::deque<Frame> ahead_;
  long count_ = 0;    ///< frames that came from the capture
  double first_ = 0;  ///< what OpenCV said of the first one's time
  double time_ = 0, last_ = 0,
         step_ = 0;    ///< of the frame read last, of the last that came, and from the one before it
  double offset_ = 0;  ///< is added to them
  std::chrono::steady_clock::time_point begin_;
};

/// What is wrong with a source that opens and has nothing, and with a camera or stream that ends.
inline constexpr const char *kNoFrame = "not one frame can be read", *kEnded = "the stream has ended";

/// Warns if `source` ended after `count` frames, many less and much sooner than its header tells: the file was cut off.
void warnIfCutOff(const Source& source, const FrameReader& frames, long count);

}  // namespace app
