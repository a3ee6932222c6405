// What an InferOption holds.
#pragma once

#include <optional>

#include "image/letterbox.hpp"
#include "model/thresholds.hpp"
#include "trtyolo.hpp"

namespace trtyolo {

struct InferOption::Impl {
  Normalization normalization;
  std::optional<Size> sourceSize;   // every image has this size
  std::optional<Size> networkSize;  // for dynamic models
  bool rect = true;
  int batch = 1;

  Backend backend = Backend::Auto;
  Precision precision = Precision::F32;
  std::optional<Task> task;
  int deviceId = 0;
  bool deviceImages = false;
  bool managedMemory = false;
  int streams = 1;  // 0: as suits the machine
  int threads = 0;  // 0: one a core

  Thresholds thresholds;
  bool performanceReport = false;
};

}  // namespace trtyolo
