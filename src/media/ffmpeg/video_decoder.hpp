// The decoder of a video stream: from packets to frames.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "media/ffmpeg/ffmpeg.hpp"
#include "media/ffmpeg/gpu_frames.hpp"
#include "media/ffmpeg/input.hpp"

namespace trtyolo::media {

// For one thread.
class VideoDecoder {
 public:
  // `onGpu`: whether VideoOption::gpu counts; `whyNot` says why otherwise. Throws VideoError.
  VideoDecoder(Input& input, const VideoOption& option, bool onGpu, std::string whyNot);
  VideoDecoder(const VideoDecoder&) = delete;
  VideoDecoder& operator=(const VideoDecoder&) = delete;

  // The next frame; null at the end. Damaged ones are passed over, unless `keepCorrupt`. Throws what Input::read()
  // throws.
  Frame read();

  static bool isCorrupt(const AVFrame& frame);

  bool onGpu() const { return gpu_ && whyNoGpu_.empty(); }
  const std::string& whyNoGpu() const { return whyNoGpu_; }
  GpuFrames& gpuFrames() { return *gpu_; }
  // Frames that were passed over, and packets that gave none.
  std::uint64_t corrupt() const { return corrupt_; }

 private:
  static AVPixelFormat chooseFormat(AVCodecContext* context, const AVPixelFormat* formats);
  static bool hasCudaDecoder(const AVCodec& codec);
  void open(const AVCodec& codec, const VideoOption& option);
  void sendNext();
  bool isBeforeKeyFrame(const AVPacket& packet);

  Input& input_;
  const bool keepCorrupt_;
  std::unique_ptr<GpuFrames> gpu_;
  std::string whyNoGpu_;
  CodecContext context_;  // goes before what it decodes on
  Packet packet_;
  bool waitsForKeyFrame_ = false, drains_ = false;
  int waited_ = 0, failures_ = 0;
  std::uint64_t corrupt_ = 0;
};

}  // namespace trtyolo::media
