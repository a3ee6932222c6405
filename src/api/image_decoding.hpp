// From encoded images to ones that the library can trust, by the decoder that the user gave.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "image/letterbox.hpp"
#include "image/ready_image.hpp"
#include "runtime/engine.hpp"
#include "trtyolo.hpp"

namespace trtyolo {

// What a model does with encoded images. Any thread.
class ImageDecoding {
 public:
  // `decoder`: null if there is none. `bgr`: as DecodeTarget's. `fast`: images may be reduced. `wanted`: the only size
  // allowed.
  ImageDecoding(std::shared_ptr<ImageDecoder> decoder, bool bgr, bool fast, std::optional<Size> wanted)
      : decoder_(std::move(decoder)), bgr_(bgr), fast_(fast), wanted_(wanted) {}

  bool possible() const { return decoder_ != nullptr; }
  // Throws std::invalid_argument unless there is a decoder.
  void require() const;
  // How many images one call of decode() should bring.
  std::size_t batch(const Engine& engine) const;
  // `first`: index of the first one, for messages; nullopt: without. Throws nothing: what the decoder throws is each
  // image's error.
  std::vector<ReadyImage> decode(std::span<const EncodedImage> images, const Engine& engine,
                                 std::optional<std::size_t> first) const;

  // One image, which is not reduced. Throws its error.
  ReadyImage decodeWhole(const EncodedImage& image, const Engine& engine) const;

  // An error of decode() without an index, with one.
  static DecodeError numbered(const DecodeError& error, std::size_t index);

 private:
  DecodeTarget targetFor(const Engine& engine) const;
  ReadyImage ready(DecodedImage&& decoded, std::optional<int> gpu, std::optional<std::size_t> index) const;

  std::shared_ptr<ImageDecoder> decoder_;
  bool bgr_ = false;
  bool fast_ = false;
  std::optional<Size> wanted_;
};

}  // namespace trtyolo
