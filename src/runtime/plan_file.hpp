// A file with a TensorRT plan: metadata as JSON behind a length of 4 bytes, as Ultralytics and trtyolo write it, then
// the plan; or the plan alone.
#pragma once

#include <string>
#include <string_view>

#include "model/metadata.hpp"

namespace trtyolo {

struct PlanFile {
  Metadata metadata;
  std::string_view plan;
};

// Views into `bytes`, the content of the file at `path`. Throws ModelError if it says that it has metadata and has not.
PlanFile parsePlanFile(const std::string& path, std::string_view bytes);

// What built a plan, as its metadata says it, as the end of a sentence: "; it was built with TensorRT 10.6.0 for NVIDIA
// H200". Empty if it does not say.
std::string builtWith(const Metadata& metadata);

// Throws ModelError; `path` is then what it was before.
void writePlanFile(const std::string& path, const PlanFile& file);

}  // namespace trtyolo
