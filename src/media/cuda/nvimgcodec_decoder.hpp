// One decoder of nvImageCodec on one GPU.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>

#include "cuda/stream.hpp"
#include "media/cuda/buffer_pool.hpp"
#include "media/cuda/nvimgcodec.hpp"
#include "trtyolo/media.hpp"

namespace trtyolo::media {

// One call at a time.
class NvImageCodecDecoder {
 public:
  // On the current GPU, which is `gpu`. `threads`: of the CPU, for what the GPU does not do; 0: one a core. Throws
  // DeviceError.
  NvImageCodecDecoder(const NvImageCodecInstance& library, int gpu, int threads);
  ~NvImageCodecDecoder();
  NvImageCodecDecoder(const NvImageCodecDecoder&) = delete;
  NvImageCodecDecoder& operator=(const NvImageCodecDecoder&) = delete;

  // As GpuCodec::decode().
  void decode(const EncodedImage* images, std::span<const std::size_t> places, bool bgr, BufferPool& buffers,
              std::optional<DecodedImage>* decoded);

 private:
  struct Batch;

  bool prepare(const EncodedImage& image, bool bgr, BufferPool& buffers, Batch& batch);

  const NvImageCodec& library_;
  nvimgcodecInstance_t instance_;
  int gpu_;
  cuda::Stream stream_;
  nvimgcodecDecoder_t decoder_ = nullptr;
};

}  // namespace trtyolo::media
