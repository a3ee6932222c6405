#include "api/image_decoding.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "api/image_check.hpp"
#include "base/trace.hpp"
#include "image/center_crop_windows.hpp"

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

// How many pixels of an image of this size the model makes use of, at most.
Size enoughPixels(const ModelDescription& model, Size whole) {
  if (model.squareCrop) {
    const int side = std::max(model.networkSize().width, model.networkSize().height);
    return {side, side};
  }
  if (!model.centerCrop()) {
    return model.fit(whole).scaled;
  }
  const CropSides sides = cropSides(whole, model.networkSize());
  const auto most = [](const CropSide& side) {
    return static_cast<int>(std::min<std::int64_t>(side.scaled, side.source));
  };
  return {most(sides.columns), most(sides.rows)};
}

}  // namespace

void ImageDecoding::require() const {
  if (!decoder_) {
    throw std::invalid_argument(
        "predict: an encoded image was given, and the model has no decoder for it; "
        "InferOption::setImageDecoder(trtyolo::makeImageDecoder()) gives it one (trtyolo/media.hpp), or decode the "
        "image and give it as an Image");
  }
}

std::size_t ImageDecoding::batch(const Engine& engine) const {
  return std::max<std::size_t>(1, decoder_->batch(targetFor(engine)));
}

DecodeTarget ImageDecoding::targetFor(const Engine& engine) const {
  DecodeTarget target{engine.gpu(), bgr_};
  if (fast_) {
    target.enough = [&model = engine.description()](const ImageSize& whole) {
      const Size size = enoughPixels(model, {static_cast<int>(whole.width), static_cast<int>(whole.height)});
      return ImageSize{static_cast<std::size_t>(size.width), static_cast<std::size_t>(size.height)};
    };
  }
  return target;
}

std::vector<ReadyImage> ImageDecoding::decode(std::span<const EncodedImage> images, const Engine& engine,
                                              std::optional<std::size_t> first) const {
  const TraceRange range("decode images");
  std::vector<ReadyImage> ready(images.size());
  try {
    std::vector<DecodedImage> decoded(images.size());
    const DecodeTarget target = targetFor(engine);
    decoder_->decode(images.data(), images.size(), target, decoded.data());
    for (std::size_t i = 0; i < images.size(); ++i) {
      const bool refused = decoded[i].refused;
      ready[i] = this->ready(std::move(decoded[i]), target.gpu, first ? std::optional(*first + i) : std::nullopt);
      ready[i].refused = refused;
    }
  } catch (...) {
    for (ReadyImage& each : ready) {
      each = {{}, nullptr, std::current_exception()};
    }
  }
  return ready;
}

ReadyImage ImageDecoding::decodeWhole(const EncodedImage& image, const Engine& engine) const {
  ImageDecoding whole = *this;
  whole.fast_ = false;
  ReadyImage ready = std::move(whole.decode({&image, 1}, engine, std::nullopt).front());
  if (ready.error) {
    std::rethrow_exception(ready.error);
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
    ImageView view = checkedView(decoded.image, wanted_, index, gpu, decoded.whole);
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
