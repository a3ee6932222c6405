// Frames of videos, cameras and streams.
#pragma once

#include <chrono>
#include <deque>
#include <optional>
#include <string>

#include "input/input_settings.hpp"
#include "input/sources.hpp"
#include "trtyolo/video.hpp"

namespace app {

/// The name of a file as FFmpeg takes it: neither 12:30.mp4 nor - is more than a name.
std::string placeOf(const std::string& file);

/// Frames of a video, camera or stream: VideoReader's, by the clock if they come at their own pace. For one thread.
class FrameReader {
 public:
  /// @throws std::runtime_error              says why it cannot be opened, without the source's name
  /// @throws trtyolo::VideoInterruptedError  InputSettings::stopped said so
  FrameReader(const Source& source, const InputSettings& settings);

  /// The next frame, which may be kept; nothing at the end: failure() tells whether it was the source's own.
  /// @throws trtyolo::VideoInterruptedError  InputSettings::stopped said so
  /// @throws trtyolo::DeviceError            the GPU failed
  std::optional<trtyolo::VideoFrame> read();
  /// Skips the next frame; false at the end. Throws as read() does.
  bool skip();
  /// True if there is one frame and no more: a GIF that is a picture. Reads two ahead; to be asked before the first
  /// read.
  bool single();

  /// Why the frames ended, also that there was none; empty if they have not, or the source has no more.
  const std::string& failure() const { return failure_; }
  /// Of the frame that was read last, in seconds from the first: of a file or a stream with time stamps as those say,
  /// else by the clock. Rises from frame to frame.
  double time() const { return time_; }
  /// Counts time() from an earlier moment: of a camera that was opened again, from when its first frame came.
  void goOnFrom(std::chrono::steady_clock::time_point first) {
    offset_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - first).count();
  }
  /// Frames a second; 0 if not known.
  double rate() const { return video_.fps(); }
  /// Frames in all, as far as the file's header tells; 0 if not known.
  long length() const { return video_.frames(); }
  /// True if frames come at their own pace, read or not.
  bool live() const { return live_; }
  /// Frames and pieces of data that were damaged and left out.
  long damaged() const { return static_cast<long>(video_.counts().corrupt); }
  /// Why frames are not decoded on the GPU that was asked for; empty if they are, or none was. Known when the first
  /// frame was read.
  std::string whyNoGpu() const { return video_.whyNoGpu(); }

 private:
  struct Ahead {
    trtyolo::VideoFrame frame;
    double time = 0;
  };

  std::optional<Ahead> readNext();
  void fail(const std::string& reason);
  double timeOf(const trtyolo::VideoFrame& frame);

  std::string place_;
  trtyolo::VideoReader video_;
  bool live_ = false;
  std::string failure_;

  std::deque<Ahead> ahead_;
  long count_ = 0;     ///< frames that were read or skipped
  double time_ = 0;    ///< of the frame that was read last
  double offset_ = 0;  ///< is added to all times
  std::chrono::steady_clock::time_point begin_;
};

/// What is wrong with a source that opens and has nothing, and with a camera or stream that ends.
inline constexpr const char *kNoFrame = "not one frame can be read", *kEnded = "the stream has ended";

/// Warns of what a source that ended after `count` frames lacks: the file was cut off, if these are many less than its
/// header tells and end much sooner, or parts of it are damaged.
void warnOfLosses(const Source& source, const FrameReader& frames, long count);

/// Warns if the frames are not decoded on the GPU that was asked for. To be called once for a source.
void warnIfNotOnGpu(const Source& source, const FrameReader& frames);

}  // namespace app
