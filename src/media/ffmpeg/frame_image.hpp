// FFmpeg's frames as images: views where Image knows the format, converted where it does not, turned upright.
#pragma once

#include "media/ffmpeg/ffmpeg.hpp"
#include "trtyolo/image.hpp"

namespace trtyolo::media {

// What would turn an image upright: by `quarters` clockwise, then mirrored left to right.
struct Orientation {
  int quarters = 0;
  bool mirrored = false;

  bool isUpright() const { return quarters == 0 && !mirrored; }
};

// Of a display matrix, the nearest one: nine numbers, as FFmpeg has them. nullptr: upright.
Orientation orientationOf(const std::int32_t* displayMatrix);

// The view of a frame in host memory, or in a GPU's (`sw` is the format there, NV12). Its format is one that
// FrameConverter gives.
Image imageOf(const AVFrame& frame);

// For one thread.
class FrameConverter {
 public:
  explicit FrameConverter(bool bgr) : bgr_(bgr) {}

  // The frame itself or a converted one, so that imageOf() knows it, turned by `orientation`. Throws VideoError if
  // libswscale cannot read its format; `source` begins the message.
  Frame convert(Frame frame, const Orientation& orientation, const std::string& source);

 private:
  Frame scaled(const AVFrame& frame, AVPixelFormat format, const std::string& source);

  bool bgr_;
  Scaler scaler_;
  int width_ = 0, height_ = 0, from_ = -1, to_ = -1, matrix_ = -1, full_ = -1;  // what it was set up for
};

}  // namespace trtyolo::media
