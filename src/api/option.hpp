// What an InferOption holds.
#pragma once

#include <optional>

#include "model/thresholds.hpp"
#include "runtime/options.hpp"
#include "trtyolo.hpp"

namespace trtyolo {

struct InferOption::Impl {
  EngineOptions engine;
  std::optional<Size> sourceSize;  // every image has this size
  Thresholds thresholds;
  bool performanceReport = false;
};

}  // namespace trtyolo
