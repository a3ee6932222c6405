#include "media/cuda/nvimgcodec_decoder.hpp"

#include <array>
#include <utility>
#include <vector>

#include "cuda/error.hpp"
#include "image/geometry.hpp"
#include "trtyolo/errors.hpp"

namespace trtyolo::media {
namespace {

constexpr std::size_t kPitchMultiple = 256;
constexpr std::size_t kChannels = 3;

// As libjpeg does it: what the CPU decodes is to look the same.
constexpr const char* kOptions = ":fancy_upsampling=1";

nvimgcodecBackend_t backendOf(nvimgcodecBackendKind_t kind) {
  auto backend = structure<nvimgcodecBackend_t>(NVIMGCODEC_STRUCTURE_TYPE_BACKEND);
  backend.kind = kind;
  backend.params = structure<nvimgcodecBackendParams_t>(NVIMGCODEC_STRUCTURE_TYPE_BACKEND_PARAMS);
  backend.params.load_hint = 1;
  backend.params.load_hint_policy = NVIMGCODEC_LOAD_HINT_POLICY_FIXED;
  return backend;
}

}  // namespace

// The images of a call that nvImageCodec knows how to read.
struct NvImageCodecDecoder::Batch {
  Batch(const NvImageCodec& ofLibrary, const cuda::Stream& onStream) : library(ofLibrary), work(onStream) {}
  ~Batch() {
    if (future) {
      if (!finished) {  // it reads the bytes; waiting twice is an error that it prints
        library.futureWaitForAll(future);
      }
      library.futureDestroy(future);
    }
    cuda::ignore(cudaStreamSynchronize(work.get()));  // it writes the pixels, whose memory may go now
    for (nvimgcodecImage_t image : images) {
      library.imageDestroy(image);
    }
    for (nvimgcodecCodeStream_t stream : streams) {
      library.codeStreamDestroy(stream);
    }
  }
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;

  const NvImageCodec& library;
  const cuda::Stream& work;
  std::vector<std::size_t> places;
  std::vector<nvimgcodecCodeStream_t> streams;
  std::vector<nvimgcodecImage_t> images;
  std::vector<DecodedImage> decoded;
  nvimgcodecFuture_t future = nullptr;
  bool finished = false;
};

NvImageCodecDecoder::NvImageCodecDecoder(const NvImageCodecInstance& library, int gpu, int threads)
    : library_(library.functions()), instance_(library.get()), gpu_(gpu) {
  // What only the CPU can do is left to the codec of the CPU.
  const std::array backends{backendOf(NVIMGCODEC_BACKEND_KIND_HW_GPU_ONLY), backendOf(NVIMGCODEC_BACKEND_KIND_GPU_ONLY),
                            backendOf(NVIMGCODEC_BACKEND_KIND_HYBRID_CPU_GPU)};
  auto params = structure<nvimgcodecExecutionParams_t>(NVIMGCODEC_STRUCTURE_TYPE_EXECUTION_PARAMS);
  params.max_num_cpu_threads = threads;
  params.device_id = gpu;
  params.skip_pre_sync = 1;  // nothing else is on the stream
  params.num_backends = static_cast<int>(backends.size());
  params.backends = backends.data();
  check(library_.decoderCreate(instance_, &decoder_, &params, kOptions), "making a decoder");
}

NvImageCodecDecoder::~NvImageCodecDecoder() {
  library_.decoderDestroy(decoder_);
}

void NvImageCodecDecoder::decode(const EncodedImage* images, std::span<const std::size_t> places, bool bgr,
                                 BufferPool& buffers, std::optional<DecodedImage>* decoded) {
  Batch batch(library_, stream_);
  for (const std::size_t place : places) {
    if (prepare(images[place], bgr, buffers, batch)) {
      batch.places.push_back(place);
    }
  }
  if (batch.places.empty()) {
    return;
  }
  auto params = structure<nvimgcodecDecodeParams_t>(NVIMGCODEC_STRUCTURE_TYPE_DECODE_PARAMS);
  params.apply_exif_orientation = 1;
  check(library_.decoderDecode(decoder_, batch.streams.data(), batch.images.data(),
                               static_cast<int>(batch.images.size()), &params, &batch.future),
        "decoding images");
  batch.finished = true;
  check(library_.futureWaitForAll(batch.future), "decoding images");
  std::vector<nvimgcodecProcessingStatus_t> status(batch.images.size(), NVIMGCODEC_PROCESSING_STATUS_UNKNOWN);
  std::size_t count = status.size();
  check(library_.futureGetProcessingStatus(batch.future, status.data(), &count), "decoding images");
  stream_.synchronize();
  for (std::size_t i = 0; i < status.size(); ++i) {
    if (status[i] == NVIMGCODEC_PROCESSING_STATUS_SUCCESS) {
      decoded[batch.places[i]] = std::move(batch.decoded[i]);
    }
  }
}

// Puts an image and the memory for its upright pixels into the batch; false if nvImageCodec cannot read it.
bool NvImageCodecDecoder::prepare(const EncodedImage& image, bool bgr, BufferPool& buffers, Batch& batch) {
  nvimgcodecCodeStream_t stream = nullptr;
  if (library_.codeStreamCreateFromHostMem(instance_, &stream, static_cast<const unsigned char*>(image.bytes),
                                           image.size, nullptr) != NVIMGCODEC_STATUS_SUCCESS) {
    return false;
  }
  batch.streams.push_back(stream);
  auto info = structure<nvimgcodecImageInfo_t>(NVIMGCODEC_STRUCTURE_TYPE_IMAGE_INFO);
  const bool known = library_.codeStreamGetImageInfo(stream, &info) == NVIMGCODEC_STATUS_SUCCESS &&
                     info.num_planes > 0 && info.plane_info[0].width > 0 && info.plane_info[0].height > 0;
  if (!known) {
    library_.codeStreamDestroy(stream);
    batch.streams.pop_back();
    return false;
  }
  // That of the file is of its pixels as they lie there.
  std::uint32_t width = info.plane_info[0].width, height = info.plane_info[0].height;
  if (info.orientation.rotated % 180 != 0) {
    std::swap(width, height);
  }
  const std::size_t pitch = roundUp(kChannels * width, kPitchMultiple);

  const std::shared_ptr<std::uint8_t> pixels = buffers.acquire(pitch * height);
  auto wanted = structure<nvimgcodecImageInfo_t>(NVIMGCODEC_STRUCTURE_TYPE_IMAGE_INFO);
  wanted.color_spec = NVIMGCODEC_COLORSPEC_SRGB;
  wanted.chroma_subsampling = NVIMGCODEC_SAMPLING_NONE;
  wanted.sample_format = bgr ? NVIMGCODEC_SAMPLEFORMAT_I_BGR : NVIMGCODEC_SAMPLEFORMAT_I_RGB;
  wanted.orientation = info.orientation;  // what there is to undo
  wanted.num_planes = 1;
  wanted.plane_info[0] = structure<nvimgcodecImagePlaneInfo_t>(NVIMGCODEC_STRUCTURE_TYPE_IMAGE_PLANE_INFO);
  wanted.plane_info[0].width = width;
  wanted.plane_info[0].height = height;
  wanted.plane_info[0].row_stride = pitch;
  wanted.plane_info[0].num_channels = kChannels;
  wanted.plane_info[0].sample_type = NVIMGCODEC_SAMPLE_DATA_TYPE_UINT8;
  wanted.buffer = pixels.get();
  wanted.buffer_kind = NVIMGCODEC_IMAGE_BUFFER_KIND_STRIDED_DEVICE;
  wanted.cuda_stream = stream_.get();
  nvimgcodecImage_t made = nullptr;
  check(library_.imageCreate(instance_, &made, &wanted), "describing an image");
  batch.images.push_back(made);
  batch.decoded.push_back(
      {{pixels.get(), static_cast<int>(width), static_cast<int>(height), static_cast<int>(kChannels), pitch},
       gpu_,
       pixels,
       nullptr});
  return true;
}

}  // namespace trtyolo::media
