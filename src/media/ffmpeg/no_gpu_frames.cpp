// Where the component is built without CUDA.
#include "media/ffmpeg/gpu_frames.hpp"

namespace trtyolo::media {

std::unique_ptr<GpuFrames> makeGpuFrames(int /*gpu*/, std::string& why) {
  why = "this library was built without CUDA";
  return nullptr;
}

}  // namespace trtyolo::media
