// Frames of videos, cameras and streams, by FFmpeg's libraries, in the component media. What read() gives goes to
// predict() and submit() as it is: mostly NV12 or I420, as the decoder made it.
//
//   #include "trtyolo.hpp"
//   #include "trtyolo/video.hpp"
//
//   trtyolo::DetectModel model("yolo11n.onnx");
//   trtyolo::VideoReader video("street.mp4");
//   while (const auto frame = video.read()) {
//     std::cout << frame->time << " s: " << model.predict(frame->image);
//   }
//
// FFmpeg has a log of its own on standard error. It is switched off when the first video is opened, unless its level
// was set before (av_log_set_level()). A component that was built without FFmpeg throws a VideoError for every video.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "errors.hpp"
#include "image.hpp"
#include "media_api.hpp"

namespace trtyolo {

/// A video cannot be opened, has no frames, or broke off. Messages begin with the source, without passwords.
class TRTYOLO_MEDIA_API VideoError : public Error {
 public:
  using Error::Error;
  ~VideoError() override;
};

/// A source was silent for longer than VideoOption allows.
class TRTYOLO_MEDIA_API VideoTimeoutError : public VideoError {
 public:
  using VideoError::VideoError;
  ~VideoTimeoutError() override;
};

/// Opening or reading was ended by VideoReader::interrupt() or VideoOption::stopped.
class TRTYOLO_MEDIA_API VideoInterruptedError : public VideoError {
 public:
  using VideoError::VideoError;
  ~VideoInterruptedError() override;
};

/// How a video is read.
struct TRTYOLO_MEDIA_API VideoOption {
  /// Decode on this GPU, by FFmpeg's CUDA decoders: frames are NV12 in its memory, for a model on it.
  /// What it does not decode is decoded on the CPU: see VideoReader::gpu().
  std::optional<int> gpu = {};
  /// Threads of a decoder on the CPU. 0: one a core, several frames at once; of sources of no known length, which are
  /// live, they share each frame instead where its codec lets them, so that none is held back.
  int threads = 0;
  /// Seconds without data after which opening gives up; 0: never. Not of regular files. The look-up of a host's name
  /// takes as long as the system lets it.
  double openTimeout = 15;
  /// Seconds without a frame after which read() gives up; 0: never. Not of regular files.
  double readTimeout = 15;
  /// RTSP over TCP, which loses nothing, or as FFmpeg likes, which is UDP first.
  bool rtspOverTcp = true;
  /// Turn frames whose video says that they are to be turned: on the CPU, and then all of the video is decoded there.
  bool upright = true;
  /// Order of the channels of frames that are neither YUV nor grey (of GIF, say): BGR, as InferOption::enableSwapRB()
  /// wants it, or RGB.
  bool bgr = false;
  /// Give also frames that the decoder marks as damaged (VideoFrame::corrupt).
  bool keepCorrupt = false;
  /// Most bytes of a frame's pixels, three for each: larger ones are refused. 0: a quarter of memoryLeft().
  std::size_t maxPixelBytes = 0;
  /// FFmpeg's name of the container or the kind of device; empty: as the content says, and "v4l2" of /dev/video*.
  std::string format = {};
  /// Names and values of more options of FFmpeg's demuxers and protocols ("reconnect", "1").
  std::vector<std::pair<std::string, std::string>> ffmpegOptions = {};
  /// Asked several times a second while opening and reading wait; true ends them. Must not throw. May be empty.
  std::function<bool()> stopped = {};
};

/// A frame: an image, and what keeps its pixels. Frames may be kept as long as one likes, also longer than their
/// reader, and used and released by any thread; each takes the memory of its pixels.
struct VideoFrame {
  /// As the decoder made it: NV12, I420, YUYV, grey, with the matrix and range of the video; a video that does not say
  /// them is BT601 and Limited, as OpenCV takes it; BT.2020 counts as BT709. Formats that Image does not know are
  /// converted once, by libswscale: 4:2:0 of more bits to I420, 4:2:2 to YUYV (odd widths: as the others), and others
  /// to three interleaved channels. The size may change from frame to frame.
  Image image;
  std::optional<int> gpu;             ///< whose memory the pixels are in; nullopt: host memory
  std::shared_ptr<const void> owner;  ///< keeps the pixels
  double time = 0;                    ///< seconds from the first frame, by the video's time stamps; rises
  std::int64_t number = 0;  ///< from 0; frames that were skipped count, damaged ones that are not given do not
  /// What would turn the image upright: by so many degrees clockwise (0, 90, 180, 270), then mirrored left to right.
  /// With VideoOption::upright always 0 and false.
  int rotation = 0;
  bool mirrored = false;  ///< see rotation
  bool corrupt = false;   ///< damaged; with VideoOption::keepCorrupt only
  bool bgr = false;       ///< order of the channels of `image`, if it has three: as VideoOption::bgr
};

/// What has become of the frames of a video.
struct VideoCounts {
  std::uint64_t gpu = 0;      ///< given, decoded on the GPU
  std::uint64_t cpu = 0;      ///< given, decoded on the CPU
  std::uint64_t skipped = 0;  ///< passed over by skip()
  std::uint64_t corrupt = 0;  ///< frames that were damaged, and pieces of data that gave none
};

/// Reads the frames of a file, a URL (RTSP, HTTP and others), a device (/dev/video0), a pipe ("-" is standard input;
/// also the path of a named one), one after the other. For one thread at a time; interrupt() for any.
///
/// Damage: what cannot be decoded is passed over and counted, and so is, of a stream that is joined in its middle,
/// everything before the first frame that depends on no earlier one.
class TRTYOLO_MEDIA_API VideoReader {
 public:
  /// Opens it and reads as much as is needed to know what is in it.
  /// @throws VideoError             it cannot be opened, or has no video that can be decoded; says why
  /// @throws VideoTimeoutError      nothing came for VideoOption::openTimeout
  /// @throws VideoInterruptedError  VideoOption::stopped said so
  /// @throws std::invalid_argument  an option makes no sense
  explicit VideoReader(const std::string& source, const VideoOption& option = {});
  ~VideoReader();
  VideoReader(VideoReader&&) noexcept;
  VideoReader& operator=(VideoReader&&) noexcept;

  /// The next frame; nullopt at the end.
  ///
  /// What it throws ends the video: later calls throw the same.
  /// @throws VideoError             the source failed, or ended before the first frame
  /// @throws VideoTimeoutError      no frame came for VideoOption::readTimeout
  /// @throws VideoInterruptedError  interrupt() was called, or VideoOption::stopped said so
  /// @throws DeviceError            the GPU failed
  /// @throws BusyError              another thread is reading; the reader is not touched
  std::optional<VideoFrame> read();

  /// Passes over the next frame, which is decoded and not converted; false at the end. Throws as read() does.
  bool skip();

  /// Ends a read() at work within a quarter of a second, and all later ones, with VideoInterruptedError. Any thread,
  /// signal handlers too.
  void interrupt() noexcept;

  // What the source says of itself, before any frame was read; 0 where it does not know. Any thread.

  int width() const;            ///< of upright frames, with VideoOption::upright
  int height() const;           ///< of upright frames, with VideoOption::upright
  double fps() const;           ///< frames a second, on average
  std::int64_t frames() const;  ///< in all; of containers that do not count them, duration() * fps()
  double duration() const;      ///< seconds
  std::string codec() const;    ///< FFmpeg's name of it: "h264"

  /// The GPU that frames are decoded on; nullopt: the CPU. Known for sure when the first frame was read. Any thread,
  /// but not during read().
  std::optional<int> gpu() const;
  /// Why frames are decoded on the CPU although VideoOption names a GPU, in a sentence; else empty. As gpu().
  std::string whyNoGpu() const;
  /// So far. Any thread.
  VideoCounts counts() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace trtyolo
