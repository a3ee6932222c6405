// What a model is made of, for what is made from a model.
#pragma once

#include <memory>
#include <optional>

#include "image/geometry.hpp"
#include "model/thresholds.hpp"
#include "runtime/engine.hpp"
#include "trtyolo.hpp"

namespace trtyolo {

struct ModelParts {
  std::shared_ptr<const Engine> engine;
  std::optional<Size> sourceSize;  // the only one that images may have
  Thresholds thresholds;           // as they are now
};

// Any thread, at any time.
ModelParts partsOf(const BaseModel::Impl& model);

}  // namespace trtyolo
