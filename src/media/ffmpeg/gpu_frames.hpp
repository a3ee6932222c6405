// Decoding of video on GPUs, where there is something that does.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "media/ffmpeg/ffmpeg.hpp"
#include "trtyolo/image.hpp"

namespace trtyolo::media {

// FFmpeg's decoders' way to a GPU, and where their frames go. For one thread.
class GpuFrames {
 public:
  GpuFrames() = default;
  virtual ~GpuFrames() = default;
  GpuFrames(const GpuFrames&) = delete;
  GpuFrames& operator=(const GpuFrames&) = delete;

  virtual AVBufferRef* device() const = 0;

  // A decoded NV12 frame in memory of its own, which any number of them may have: decoders have few surfaces. Complete
  // when the call returns. Throws DeviceError.
  virtual std::shared_ptr<const void> copy(const AVFrame& frame, Image& image) = 0;
};

// nullptr, and the reason in a sentence, where that cannot be. Throws nothing else.
std::unique_ptr<GpuFrames> makeGpuFrames(int gpu, std::string& why);

}  // namespace trtyolo::media
