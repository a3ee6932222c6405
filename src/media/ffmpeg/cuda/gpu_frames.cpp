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
#include "cuda/stream.hpp"
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

// A mark in a stream that a thread sleeps for: there may be more videos than processors.
class Mark {
 public:
  Mark() {
    cuda::check(cudaEventCreateWithFlags(&event_, cudaEventDisableTiming | cudaEventBlockingSync), "creating an event");
  }
  ~Mark() { cuda::ignore(cudaEventDestroy(event_)); }
  Mark(const Mark&) = delete;
  Mark& operator=(const Mark&) = delete;

  void waitFor(const cuda::Stream& stream) const {
    cuda::check(cudaEventRecord(event_, stream.get()), "waiting for a decoded frame");
    cuda::check(cudaEventSynchronize(event_), "waiting for a decoded frame");
  }

 private:
  cudaEvent_t event_ = nullptr;
};

class CudaFrames final : public GpuFrames {
 public:
  explicit CudaFrames(int gpu) : gpu_(gpu), buffers_(gpu) {}

  // False, and the reason, if FFmpeg cannot use the GPU.
  bool open(std::string& why) {
    auto device = made<BufferRef>(av_hwdevice_ctx_alloc(AV_HWDEVICE_TYPE_CUDA));
    auto& context = *reinterpret_cast<AVHWDeviceContext*>(device->data);
    auto& own = *static_cast<AVCUDADeviceContext*>(context.hwctx);
    own.cuda_ctx = runtimesContext(gpu_);
    own.stream = stream_.get();  // the default one would wait for all others
    if (const int error = av_hwdevice_ctx_init(device.get()); error < 0) {
      why = "FFmpeg cannot use " + cuda::deviceLabel(gpu_) + ": " + wordsOf(error);
      return false;
    }
    device_ = std::move(device);
    return true;
  }

  AVBufferRef* device() const override { return device_.get(); }

  std::shared_ptr<const void> copy(const AVFrame& frame, Image& image) override {
    constexpr std::size_t kAligned = 256;
    const auto width = static_cast<std::size_t>(frame.width), height = static_cast<std::size_t>(frame.height);
    const std::size_t pitch = roundUp(width, kAligned), pairs = (height + 1) / 2;
    const cuda::DeviceScope scope(gpu_);
    std::shared_ptr<std::uint8_t> buffer = buffers_.acquire(pitch * (height + pairs));
    // FFmpeg's decoder works on this stream, too, so these come after it.
    const auto plane = [&](int number, std::uint8_t* to, std::size_t bytes, std::size_t rows) {
      cuda::check(cudaMemcpy2DAsync(to, pitch, frame.data[number], static_cast<std::size_t>(frame.linesize[number]),
                                    bytes, rows, cudaMemcpyDeviceToDevice, stream_.get()),
                  "copying a decoded frame");
    };
    std::uint8_t* const chroma = buffer.get() + pitch * height;
    plane(0, buffer.get(), width, height);
    plane(1, chroma, (width + 1) / 2 * 2, pairs);
    copied_.waitFor(stream_);
    const Image decoded = imageOf(frame);
    image = Image::nv12(buffer.get(), chroma, frame.width, frame.height, pitch, pitch, decoded.matrix, decoded.range);
    return buffer;
  }

 private:
  int gpu_;
  BufferPool buffers_;
  cuda::Stream stream_;
  Mark copied_;
  BufferRef device_;
};

}  // namespace

std::unique_ptr<GpuFrames> makeGpuFrames(int gpu, std::string& why) {
  try {
    cuda::checkDevice(gpu);
    const cuda::DeviceScope scope(gpu);
    auto frames = std::make_unique<CudaFrames>(gpu);
    return frames->open(why) ? std::move(frames) : nullptr;
  } catch (const std::exception& error) {
    why = error.what();
    return nullptr;
  }
}

}  // namespace trtyolo::media
