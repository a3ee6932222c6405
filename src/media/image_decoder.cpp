#include "media/image_decoder.hpp"

#include <algorithm>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "media/checks.hpp"
#include "media/reduction.hpp"
#include "trtyolo/errors.hpp"

namespace trtyolo {

MediaDecoder::~MediaDecoder() = default;

namespace media {
namespace {

constexpr std::size_t kGpuBatch = 16;

// Calls `use` with each number below `count`, in some threads at once.
template <typename Use>
void inThreads(std::size_t count, std::size_t threads, const Use& use) {
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t i = next++; i < count; i = next++) {
      use(i);
    }
  };
  std::vector<std::thread> others;
  try {
    for (std::size_t i = 1; i < std::min(count, threads); ++i) {
      others.emplace_back(work);
    }
  } catch (const std::system_error&) {  // the machine has no more: these will do
  }
  work();
  for (std::thread& other : others) {
    other.join();
  }
}

}  // namespace

Decoder::Decoder(const ImageDecoderOption& option, std::unique_ptr<const CpuCodec> codec)
    : mostBytes_(option.maxPixelBytes > 0 ? option.maxPixelBytes : memoryLeft() / 4),
      threads_(option.threads > 0 ? static_cast<std::size_t>(option.threads)
                                  : std::max(1U, std::thread::hardware_concurrency())),
      codec_(std::move(codec)),
      gpuCodec_(option.useGpu ? makeGpuCodec(option) : nullptr),
      gpuAsked_(option.useGpu) {
  if (option.threads < 0) {
    throw std::invalid_argument("ImageDecoderOption: threads must not be negative, found " +
                                std::to_string(option.threads));
  }
}

Decoder::~Decoder() = default;

void Decoder::decode(const EncodedImage* images, std::size_t count, const DecodeTarget& target, DecodedImage* decoded) {
  std::vector<std::size_t> left;
  left.reserve(count);
  std::vector<std::optional<DecodedImage>> onGpu;
  if (target.gpu && count > 0 && whyNoGpu(*target.gpu).empty()) {
    onGpu = decodeOnGpu(images, count, *target.gpu, target.bgr);
  }
  for (std::size_t i = 0; i < count; ++i) {
    if (i < onGpu.size() && onGpu[i]) {
      decoded[i] = std::move(*onGpu[i]);
    } else {
      left.push_back(i);
    }
  }
  gpu_ += count - left.size();
  const bool refused = !onGpu.empty();
  refused_ += refused ? left.size() : 0;
  inThreads(left.size(), threads_, [&](std::size_t i) {
    decoded[left[i]] = decodeOnCpu(images[left[i]], target);
    decoded[left[i]].refused = refused;
  });
}

std::size_t Decoder::batch(const DecodeTarget& target) const {
  return target.gpu && whyNoGpu(*target.gpu).empty() ? kGpuBatch : 1;
}

DecodeCounts Decoder::counts() const {
  return {gpu_, cpu_, refused_, failed_};
}

std::string Decoder::whyNoGpu(int gpu) const {
  if (!gpuCodec_) {
    return gpuAsked_ ? "this library was built without nvImageCodec" : "ImageDecoderOption::useGpu is off";
  }
  return gpuCodec_->whyNot(gpu);
}

// What the GPU has decoded; the rest, errors too, is the CPU's.
std::vector<std::optional<DecodedImage>> Decoder::decodeOnGpu(const EncodedImage* images, std::size_t count, int gpu,
                                                              bool bgr) {
  std::vector<std::size_t> places;
  places.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    try {
      checkBefore(images[i], mostBytes_, codec_->name());
      places.push_back(i);
    } catch (const DecodeError&) {  // the CPU's path says it
    }
  }
  std::vector<std::optional<DecodedImage>> decoded(count);
  try {
    gpuCodec_->decode(images, places, gpu, bgr, decoded.data());
  } catch (const Error&) {  // no memory there, say
    decoded.assign(count, std::nullopt);
  }
  return decoded;
}

// Throws nothing.
DecodedImage Decoder::decodeOnCpu(const EncodedImage& image, const DecodeTarget& target) {
  DecodedImage decoded;
  try {
    checkBefore(image, mostBytes_, codec_->name());
    const Reduction reduction = reductionFor(image, target);
    decoded = codec_->decode(image, target.bgr, reduction.divisor);
    decoded.whole = wholeOf(decoded.image, reduction);
    checkAfter(image);
    ++cpu_;
  } catch (...) {
    decoded = {};
    decoded.error = std::current_exception();
    ++failed_;
  }
  return decoded;
}

}  // namespace media
}  // namespace trtyolo
