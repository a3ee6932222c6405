// A file with a TensorRT plan: metadata as JSON behind a length of 4 bytes, as Ultralytics and trtyolo write it, then
// the plan; or the plan alone.
#pragma once

#include <string>
#include <string_view>

#include "model/metadata.hpp"

namespace trtyolo::tensorrt {

struct PlanFile {
  Metadata metadata;
  std::string bytes;
  std::size_t planBegin = 0;  // of the plan in `bytes`

  std::string_view plan() const { return std::string_view(bytes).substr(planBegin); }
};

// Throws ModelError if the file cannot be read, or says that it has metadata and has not.
PlanFile readPlanFile(const std::string& path);

// Writes another file beside `path` and renames it, so that `path` is whole or what it was. Throws ModelError.
void writePlanFile(const std::string& path, const Metadata& metadata, std::string_view plan);

}  // namespace trtyolo::tensorrt
