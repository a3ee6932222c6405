// How an engine is loaded and run.
#pragma once

#include <optional>

#include "image/letterbox.hpp"
#include "model/description.hpp"
#include "trtyolo.hpp"

namespace trtyolo {

struct EngineOptions {
  DescriptionOptions description;
  Normalization normalization;
  Backend backend = Backend::Auto;
  Precision precision = Precision::F32;
  int deviceId = 0;
  bool deviceImages = false;
  bool managedMemory = false;
  std::optional<int> streams;  // 0: as suits the machine; unless said, one
  int threads = 0;             // 0: one a core
};

}  // namespace trtyolo
