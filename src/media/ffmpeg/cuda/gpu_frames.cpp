// FFmpeg's CUDA decoders (NVDEC).
#include <cuda.h>
#include <cuda_runtime_api.h>
#include <dlfcn.h>

#include <exception>
#include <utility>

extern "C" {
#include <libavutil/hwcontext_cuda.h>
}

#include "cuda/devices.hpp"
#include "cuda/error.hpp"
#include "cuda/memory.hpp"
#include "image/geometry.hpp"
#include "media/cuda/buffer_pool.hpp"
#include "media/ffmpeg/frame_image.hpp"
#include "media/ffmpeg/gpu_frames.hpp"

namespace trtyolo::media {
namespace {

// The context that the CUDA runtime works in, and so the rest of this library. FFmpeg's own way to it
// (AV_CUDA_USE_PRIMARY_CONTEXT) refuses one that is in use already.
CUcontext runtimesContext(int gpu) {
  const cuda::DeviceScope scope(gpu);
  cuda::check(cudaFree(nullptr), "making its context");
  CUcontext context = nullptr;
  // The runtime has loaded the driver. It stays, as the runtime keeps it.
  void* const driver = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  const auto getCurrent =
      driver ? reinterpret_cast<decltype(&cuCtxGetCurrent)>(dlsym(driver, "cuCtxGetCurrent")) : nullptr;
  if (!getCurrent || getCurrent(&context) != CUDA_SUCCESS || !context) {
    throw DeviceError("the CUDA driver tells no context of " + cuda::deviceLabel(gpu));
  }
  return context;
}

class CudaFrames final : public GpuFrames {
 public:
  CudaFrames(int gpu, BufferRef device) : gpu_(gpu), device_(std::move(device)), buffers_(gpu) {}

  AVBufferRef* device() const override { return device_.get(); }

  std::shared_ptr<const void> copy(const AVFrame& frame, Image& image) override {
    constexpr std::size_t kAligned = 256;
    const auto width = static_cast<std::size_t>(frame.width), height = static_cast<std::size_t>(frame.height);
    const std::size_t pitch = roundUp(width, kAligned), pairs = (height + 1) / 2;
    const cuda::DeviceScope scope(gpu_);
    std::shared_ptr<std::uint8_t> buffer = buffers_.acquire(pitch * (height + pairs));
    // FFmpeg's context decodes on the legacy default stream, so these come after it.
    const auto plane = [&](int number, std::uint8_t* to, std::size_t bytes, std::size_t rows) {
      cuda::check(cudaMemcpy2DAsync(to, pitch, frame.data[number], static_cast<std::size_t>(frame.linesize[number]),
                                    bytes, rows, cudaMemcpyDeviceToDevice, cudaStreamLegacy),
                  "copying a decoded frame");
    };
    std::uint8_t* const chroma = buffer.get() + pitch * height;
    plane(0, buffer.get(), width, height);
    plane(1, chroma, (width + 1) / 2 * 2, pairs);
    cuda::check(cudaStreamSynchronize(cudaStreamLegacy), "waiting for a decoded frame");
    const Image decoded = imageOf(frame);
    image = Image::nv12(buffer.get(), chroma, frame.width, frame.height, pitch, pitch, decoded.matrix, decoded.range);
    return buffer;
  }

 private:
  int gpu_;
  BufferRef device_;
  BufferPool buffers_;
};

}  // namespace

std::unique_ptr<GpuFrames> makeGpuFrames(int gpu, std::string& why) {
  try {
    cuda::checkDevice(gpu);
    auto device = made<BufferRef>(av_hwdevice_ctx_alloc(AV_HWDEVICE_TYPE_CUDA));
    auto& context = *reinterpret_cast<AVHWDeviceContext*>(device->data);
    static_cast<AVCUDADeviceContext*>(context.hwctx)->cuda_ctx = runtimesContext(gpu);
    if (const int error = av_hwdevice_ctx_init(device.get()); error < 0) {
      why = "FFmpeg cannot use " + cuda::deviceLabel(gpu) + ": " + wordsOf(error);
      return nullptr;
    }
    return std::make_unique<CudaFrames>(gpu, std::move(device));
  } catch (const std::exception& error) {
    why = error.what();
    return nullptr;
  }
}

}  // namespace trtyolo::media
