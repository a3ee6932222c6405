// Where the component is built without nvImageCodec.
#include "media/gpu_codec.hpp"

namespace trtyolo::media {

std::unique_ptr<GpuCodec> makeGpuCodec(const ImageDecoderOption& /*option*/) {
  return nullptr;
}

}  // namespace trtyolo::media
