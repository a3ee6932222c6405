// From ONNX to a TensorRT plan.
#pragma once

#include <vector>

#include "model/metadata.hpp"
#include "runtime/model_source.hpp"
#include "trtyolo.hpp"

namespace trtyolo::tensorrt {

struct BuiltPlan {
  Metadata metadata;  // of the ONNX file, and how it was built
  std::vector<char> plan;
};

// Throws ModelError if the network cannot be parsed or built as asked or if its weights were replaced meanwhile,
// DeviceError without a GPU or TensorRT, and Error if `option.onProgress` ended it. Makes the device current for as
// long as it takes.
BuiltPlan build(const ModelSource& onnx, const BuildOption& option);

}  // namespace trtyolo::tensorrt
