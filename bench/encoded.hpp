// Encoded input of rows: JPEG images in memory and in files, and videos. All are decoded by the component media;
// without it there are none.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "source_image.hpp"
#include "speed.hpp"
#include "trtyolo.hpp"

namespace trtyolo {
class MediaDecoder;
class VideoReader;
struct VideoFrame;
}  // namespace trtyolo

namespace bench {

/// Whether the component media was built in. All below throws std::runtime_error if not.
extern const bool kHasMedia;

/// The paths of JPEG files: `source`, which is one or a folder of some.
/// @throws std::runtime_error  it cannot be read, or has none
std::vector<std::string> jpegPaths(const std::string& source);
/// The bytes of JPEG files: of `source`, which is one or a folder of some; of the drawn image if it is empty.
/// @throws std::runtime_error  as jpegPaths()
std::vector<std::string> jpegFiles(const std::string& source, int drawnWidth, int drawnHeight);

/// Width and height of the first image of `files`.
std::pair<int, int> jpegSize(const std::vector<std::string>& files);
/// Of a video's frames.
std::pair<int, int> videoSize(const std::string& file);

class AskedDecoder;

/// JPEG images, and the decoder that a pool gets for them.
class JpegImages {
 public:
  /// `gpu`: JPEG images are decoded there; nullopt: by the processor on all cores.
  JpegImages(std::vector<std::string> files, std::optional<int> gpu);

  /// Of models and pools.
  std::shared_ptr<trtyolo::ImageDecoder> decoder() const;
  /// The same, of the command predict.
  std::shared_ptr<trtyolo::MediaDecoder> mediaDecoder() const { return decoder_; }
  /// Any number; they come round again.
  const trtyolo::EncodedImage& image(std::size_t number) const { return images_[number % images_.size()]; }
  /// Threads that decode for a pool whose model is on `gpu`, and alone.
  int threads(std::optional<int> gpu) const;
  /// The decoder alone, in one of these threads: as many images a call as it takes, for a model on `gpu`; as large as
  /// the models have asked for last.
  Speed decode(std::size_t thread, std::optional<int> gpu, double seconds) const;
  /// "decoded_gpu", "decoded_cpu", and "why_no_gpu" if it should have been there: images so far.
  nlohmann::ordered_json counts() const;

 private:
  std::vector<std::string> files_;
  std::vector<trtyolo::EncodedImage> images_;
  std::optional<int> gpu_;
  std::shared_ptr<trtyolo::MediaDecoder> decoder_;
  std::shared_ptr<AskedDecoder> asked_;
};

/// What the command predict does in rows of kind predict.
struct FilesWork {
  const trtyolo::Model& model;  ///< it has clones of this one
  int clones = 1;
  std::vector<std::string> paths;  ///< of JPEG files, which come round again
  std::shared_ptr<trtyolo::MediaDecoder> decoder;
  bool fastDecode = false;
  std::optional<int> gpu;  ///< the model's
};

/// Has the clones made, and gives what predicts so many images, from the first file on, and tells how long that took.
using PredictFiles = std::function<std::function<Speed(std::size_t images)>(FilesWork)>;

/// What frames that came at their time became, of one stream or of several.
struct Paced {
  std::vector<double> latencies;  ///< milliseconds from when a frame was due until its result, in the stream's order
  std::vector<double> lateness;   ///< milliseconds from when a frame was due until it was read
  int behind = 0;                 ///< streams that fell behind: in the second half mostly later than a frame's time

  void add(const Paced& other) {
    latencies.insert(latencies.end(), other.latencies.begin(), other.latencies.end());
    lateness.insert(lateness.end(), other.lateness.begin(), other.lateness.end());
    behind += other.behind;
  }
};

/// A video file that is read again and again, for one thread.
class VideoStream {
 public:
  using Clock = std::chrono::steady_clock;

  /// `gpu`: it decodes; nullopt: the processor, with so many threads (0: one a core).
  VideoStream(std::string file, std::optional<int> gpu, int threads);
  ~VideoStream();

  /// Frames and nothing else.
  Speed decode(double seconds);
  /// Frames to `pool` as fast as it takes them, at most `ahead` on their way, and their results in order.
  Speed predict(trtyolo::Pool<>& pool, std::size_t ahead, double seconds);
  /// Frames at their time, the first at `begin`, `fps` a second until `end`.
  Paced paced(trtyolo::Pool<>& pool, Clock::time_point begin, Clock::time_point end, double fps);
  double fps();  ///< as the file says; 0: it does not

  std::uint64_t onGpu() const;  ///< frames that were decoded on the GPU
  std::uint64_t onCpu() const;  ///< and on the processor
  std::string whyNoGpu() const;

 private:
  void open();
  /// The next one, which is checked to be the next.
  trtyolo::VideoFrame next();

  std::string file_;
  std::optional<int> gpu_;
  int threads_;
  std::unique_ptr<trtyolo::VideoReader> reader_;
  std::int64_t next_ = 0, frames_ = 0;               // number of the next frame; how many there are, once that is known
  std::uint64_t onGpuBefore_ = 0, onCpuBefore_ = 0;  // by readers that are gone
};

}  // namespace bench
