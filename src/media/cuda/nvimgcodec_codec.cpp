// JPEG images on GPUs, by nvImageCodec. All others are left to the CPU: a GPU decodes few of them, and by other rules.
#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "cuda/devices.hpp"
#include "cuda/memory.hpp"
#include "media/cuda/nvimgcodec_decoder.hpp"
#include "media/gpu_codec.hpp"
#include "media/jpeg_frame.hpp"
#include "trtyolo/errors.hpp"

namespace trtyolo::media {
namespace {

constexpr int kDecoders = 2;      // of one GPU: one works while the next call is made ready
constexpr int kMostThreads = 16;  // of the CPU for one decoder

// Whether the GPU decodes it as the CPU would: baseline, extended and progressive Huffman coding with 8 bits, grey or
// three colours, whole.
bool isForGpu(const EncodedImage& image) {
  const std::optional<JpegFrame> frame = jpegFrame(image);
  return frame && frame->process >= 0xC0U && frame->process <= 0xC2U && frame->bits == 8 &&
         (frame->components == 1 || frame->components == 3) && hasItsEnd(image);
}

// The decoders of one GPU.
struct Gpu {
  explicit Gpu(int number) : buffers(number) {}

  BufferPool buffers;
  std::vector<std::unique_ptr<NvImageCodecDecoder>> idle;
  int decoders = 0;
};

class NvImageCodecCodec final : public GpuCodec {
 public:
  explicit NvImageCodecCodec(const ImageDecoderOption& option)
      : place_(option.nvImageCodec), threads_(std::min(option.threads, kMostThreads)) {}

  ~NvImageCodecCodec() override {
    for (auto& [number, gpu] : gpus_) {
      try {
        const cuda::DeviceScope scope(number);
        gpu->idle.clear();
      } catch (...) {  // the GPU has failed, and what was to be released is gone
        for (auto& decoder : gpu->idle) {
          static_cast<void>(decoder.release());
        }
      }
    }
  }

  std::string whyNot(int gpu) override {
    const std::lock_guard lock(mutex_);
    const auto found = reasons_.find(gpu);
    if (found != reasons_.end()) {
      return found->second;
    }
    std::string why;
    try {
      cuda::checkDevice(gpu);
      const cuda::DeviceScope scope(gpu);
      Gpu& made = of(gpu);
      made.idle.push_back(makeDecoder(gpu));
      ++made.decoders;
    } catch (const std::exception& error) {
      why = error.what();
    }
    return reasons_.emplace(gpu, std::move(why)).first->second;
  }

  void decode(const EncodedImage* images, std::span<const std::size_t> places, int gpu, bool bgr,
              std::optional<DecodedImage>* decoded) override {
    std::vector<std::size_t> chosen;
    std::copy_if(places.begin(), places.end(), std::back_inserter(chosen),
                 [&](std::size_t place) { return isForGpu(images[place]); });
    if (chosen.empty()) {
      return;
    }
    const cuda::DeviceScope scope(gpu);
    Lease lease(*this, gpu);
    lease.decoder().decode(images, chosen, bgr, lease.buffers(), decoded);
  }

 private:
  // A decoder for the time of a call; waits for one.
  class Lease {
   public:
    Lease(NvImageCodecCodec& codec, int number) : codec_(codec) {
      std::unique_lock lock(codec_.mutex_);
      gpu_ = &codec_.of(number);
      codec_.changed_.wait(lock, [this] { return !gpu_->idle.empty() || gpu_->decoders < kDecoders; });
      if (!gpu_->idle.empty()) {
        decoder_ = std::move(gpu_->idle.back());
        gpu_->idle.pop_back();
      } else {
        decoder_ = codec_.makeDecoder(number);
        ++gpu_->decoders;
      }
    }
    ~Lease() {
      {
        const std::lock_guard lock(codec_.mutex_);
        gpu_->idle.push_back(std::move(decoder_));
      }
      codec_.changed_.notify_one();
    }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;

    NvImageCodecDecoder& decoder() const { return *decoder_; }
    BufferPool& buffers() const { return gpu_->buffers; }

   private:
    NvImageCodecCodec& codec_;
    Gpu* gpu_ = nullptr;
    std::unique_ptr<NvImageCodecDecoder> decoder_;
  };

  // Under the lock.
  Gpu& of(int number) {
    const auto found = gpus_.find(number);
    if (found != gpus_.end()) {
      return *found->second;
    }
    if (!library_) {
      library_ = std::make_unique<const NvImageCodecInstance>(place_);
    }
    auto gpu = std::make_unique<Gpu>(number);
    gpu->idle.reserve(kDecoders);
    return *gpus_.emplace(number, std::move(gpu)).first->second;
  }

  std::unique_ptr<NvImageCodecDecoder> makeDecoder(int number) const {
    return std::make_unique<NvImageCodecDecoder>(*library_, number, threads_);
  }

  std::string place_;
  int threads_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::unique_ptr<const NvImageCodecInstance> library_;  // before what uses it
  std::map<int, std::unique_ptr<Gpu>> gpus_;
  std::map<int, std::string> reasons_;
};

}  // namespace

std::unique_ptr<GpuCodec> makeGpuCodec(const ImageDecoderOption& option) {
  return std::make_unique<NvImageCodecCodec>(option);
}

}  // namespace trtyolo::media
