#include "api/image_decoding.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "api/image_check.hpp"
#include "base/trace.hpp"

namespace trtyolo {
namespace {

constexpr const char* kImagePrefix = "predict: image";

// The error of one image, which says which one that is.
std::exception_ptr namedError(const std::exception_ptr& error, std::optional<std::size_t> index) {
  try {
    std::rethrow_exception(error);
  } catch (const DecodeError& reason) {
    const std::string which = index ? " " + std::to_string(*index) : "";
    return std::make_exception_ptr(DecodeError(kImagePrefix + which + ": " + reason.what()));
  } catch (...) {
    return error;
  }
}

}  // namespace

ImageDecoder::~ImageDecoder() = default;

void ImageDecoding::require() const {
  if (!decoder_) {
    throw std::invalid_argument(
        "predict: an encoded image was given, and the model has no decoder for it; "
        "InferOption::setImageDecoder(trtyolo::makeImageDecoder()) gives it one (trtyolo/media.hpp), or decode the "
        "image and give it as an Image");
  }
}

std::size_t ImageDecoding::batch(std::optional<int> gpu) const {
  return std::max<std::size_t>(1, decoder_->batch({gpu, bgr_}));
}

std::vector<ReadyImage> ImageDecoding::decode(std::span<const EncodedImage> images, std::optional<int> gpu,
                                              std::optional<std::size_t> first) const {
  const TraceRange range("decode images");
  std::vector<ReadyImage> ready(images.size());
  try {
    std::vector<DecodedImage> decoded(images.size());
    decoder_->decode(images.data(), images.size(), {gpu, bgr_}, decoded.data());
    for (std::size_t i = 0; i < images.size(); ++i) {
      const bool refused = decoded[i].refused;
      ready[i] = this->ready(std::move(decoded[i]), gpu, first ? std::optional(*first + i) : std::nullopt);
      ready[i].refused = refused;
    }
  } catch (...) {
    for (ReadyImage& each : ready) {
      each = {{}, nullptr, std::current_exception()};
    }
  }
  return ready;
}

DecodeError ImageDecoding::numbered(const DecodeError& error, std::size_t index) {
  const std::string text = error.what(), prefix = kImagePrefix;
  return DecodeError(text.starts_with(prefix) ? prefix + ' ' + std::to_string(index) + text.substr(prefix.size())
                                              : text);
}

ReadyImage ImageDecoding::ready(DecodedImage&& decoded, std::optional<int> gpu,
                                std::optional<std::size_t> index) const {
  if (decoded.error) {
    return {{}, nullptr, namedError(decoded.error, index)};
  }
  try {
    ImageView view = checkedView(decoded.image, wanted_, index, gpu);
    if (decoded.gpu && decoded.gpu != gpu) {
      throw Error("predict: the decoder has put an image into the memory of GPU " + std::to_string(*decoded.gpu) +
                  ", expected was " + (gpu ? "GPU " + std::to_string(*gpu) + " or " : "") + "host memory");
    }
    view.memory = decoded.gpu ? ImageMemory::Device : ImageMemory::Host;
    return {view, std::move(decoded.owner), nullptr};
  } catch (...) {
    return {{}, nullptr, std::current_exception()};
  }
}

}  // namespace trtyolo
