// What predict reads: from the words of the command line to pictures and videos.
#pragma once

#include <opencv2/core/mat.hpp>
#include <opencv2/videoio.hpp>
#include <string>
#include <vector>

namespace app {

enum class SourceKind { Picture, Video, Camera, Stream, Missing };

/// One picture, video, camera or stream.
struct Source {
  SourceKind kind = SourceKind::Missing;
  std::string name;   ///< path or URL as given (in a folder: the folder's path and the file's name), number of a camera
  std::string error;  ///< of a Missing one: why there is nothing to read
};

/// True if the source has frames, not just one picture.
inline bool hasFrames(const Source& source) {
  return source.kind == SourceKind::Video || source.kind == SourceKind::Camera || source.kind == SourceKind::Stream;
}

/// The sources that `arguments` name, in their order: files, folders (their pictures and videos in natural order, not
/// those of folders inside), patterns with * ? [ ], numbers of cameras, URLs. Does not open files. What does not exist,
/// and a folder or pattern without a picture or video, becomes a Missing source.
std::vector<Source> findSources(const std::vector<std::string>& arguments);

/// The picture in 8-bit BGR, upright as its EXIF orientation says.
/// @throws std::runtime_error  says why, without the file's name
cv::Mat readPicture(const std::string& file);

/// Of OpenCV's back ends the one for videos: FFmpeg's where there is one. GStreamer's waits without end for a damaged
/// file, and the one for numbered pictures takes names like img_001.dat for a series.
int videoBackend();

/// Frames of a video, camera or stream. For one thread.
class FrameReader {
 public:
  /// @throws std::runtime_error  says why it cannot be opened, without the source's name
  explicit FrameReader(const Source& source);

  /// Reads the next frame into memory of its own, 8-bit BGR; false at the end.
  bool read(cv::Mat& frame) { return capture_.read(frame); }
  /// Passes over the next frame; false at the end.
  bool skip() { return capture_.grab(); }

  /// Frames a second; 0 if not known.
  double rate() const { return rate_; }
  /// Frames in all, as far as the file's header tells; 0 if not known.
  long length() const { return length_; }
  /// True if frames come at their own pace, read or not.
  bool live() const { return live_; }

 private:
  cv::VideoCapture capture_;
  double rate_ = 0;
  long length_ = 0;
  bool live_ = false;
};

/// What is wrong with a source that opens and has nothing.
inline constexpr const char* kNoFrame = "not one frame can be read";

/// Warns if `source` ended after `count` frames, many less than its header tells: the file was cut off.
void warnIfCutOff(const Source& source, const FrameReader& frames, long count);

/// How many pictures and frames the sources hold, as far as the headers of videos tell; 0 if that is not known.
long countImages(const std::vector<Source>& sources);

}  // namespace app
