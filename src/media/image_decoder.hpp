// The decoder of the component: who decodes what, and how many did.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "media/gpu_codec.hpp"
#include "trtyolo/media.hpp"

namespace trtyolo::media {

// Decodes on the CPU. Any thread.
class CpuCodec {
 public:
  CpuCodec() = default;
  virtual ~CpuCodec() = default;
  CpuCodec(const CpuCodec&) = delete;
  CpuCodec& operator=(const CpuCodec&) = delete;

  // For messages: its name and, behind a space, its version in parentheses.
  virtual std::string name() const = 0;
  // The image in host memory, as DecodedImage says. `divisor`: 1, or of JPEG images 2, 4 or 8, which the sides of the
  // file are divided by, rounded up. Throws DecodeError.
  virtual DecodedImage decode(const EncodedImage& image, bool bgr, int divisor) const = 0;
};

class Decoder final : public MediaDecoder {
 public:
  // Throws std::invalid_argument.
  Decoder(const ImageDecoderOption& option, std::unique_ptr<const CpuCodec> codec);
  ~Decoder() override;

  void decode(const EncodedImage* images, std::size_t count, const DecodeTarget& target,
              DecodedImage* decoded) override;
  std::size_t batch(const DecodeTarget& target) const override;
  DecodeCounts counts() const override;
  std::string whyNoGpu(int gpu) const override;

 private:
  std::vector<std::optional<DecodedImage>> decodeOnGpu(const EncodedImage* images, std::size_t count, int gpu,
                                                       bool bgr);
  DecodedImage decodeOnCpu(const EncodedImage& image, const DecodeTarget& target);

  std::size_t mostBytes_;
  std::size_t threads_;
  std::unique_ptr<const CpuCodec> codec_;
  std::unique_ptr<GpuCodec> gpuCodec_;  // null: none
  bool gpuAsked_;
  std::atomic<std::uint64_t> gpu_ = 0, cpu_ = 0, refused_ = 0, failed_ = 0;
};

}  // namespace trtyolo::media
