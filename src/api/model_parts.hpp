// What a model is made of, for what is made from a model.
#pragma once

#include <memory>
#include <optional>

#include "api/image_decoding.hpp"
#include "image/geometry.hpp"
#include "model/postprocess_options.hpp"
#include "runtime/engine.hpp"
#include "runtime/engine_registry.hpp"

namespace trtyolo {

struct ModelParts {
  std::shared_ptr<const Engine> engine;
  std::shared_ptr<EngineRegistry> registry;  // of its engines on other GPUs
  std::optional<Size> sourceSize;            // the only one that images may have
  ImageDecoding decoding;
  PostprocessOptions options;  // as they are now
};

}  // namespace trtyolo
