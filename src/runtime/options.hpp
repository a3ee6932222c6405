// How an engine is loaded and run.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "image/letterbox.hpp"
#include "model/description.hpp"
#include "trtyolo/options.hpp"

namespace trtyolo {

struct EngineOptions {
  DescriptionOptions description;
  Backend backend = Backend::Auto;
  Precision precision = Precision::F32;
  int deviceId = 0;
  bool deviceImages = false;
  bool managedMemory = false;
  std::vector<std::string> pluginLibraries;
  std::optional<int> streams;  // 0: as suits the machine; by default one
  int threads = 0;             // 0: one a core
};

}  // namespace trtyolo
