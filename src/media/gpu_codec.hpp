// Decoding on GPUs, where there is something that does.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "trtyolo/media.hpp"

namespace trtyolo::media {

// Any thread.
class GpuCodec {
 public:
  GpuCodec() = default;
  virtual ~GpuCodec() = default;
  GpuCodec(const GpuCodec&) = delete;
  GpuCodec& operator=(const GpuCodec&) = delete;

  // Why it does not work on this GPU, in a sentence; empty if it does. Throws nothing.
  virtual std::string whyNot(int gpu) = 0;

  // What it decodes of the images at `places`, into the memory of this GPU; nullopt for those that it refuses or fails
  // in. Throws DeviceError, and then has decoded none.
  virtual void decode(const EncodedImage* images, std::span<const std::size_t> places, int gpu, bool bgr,
                      std::optional<DecodedImage>* decoded) = 0;
};

// nullptr where the component was built without one.
std::unique_ptr<GpuCodec> makeGpuCodec(const ImageDecoderOption& option);

}  // namespace trtyolo::media
