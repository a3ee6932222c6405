// From ONNX to a TensorRT plan.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/metadata.hpp"
#include "trtyolo.hpp"

namespace trtyolo::tensorrt {

struct BuiltPlan {
  Metadata metadata;  // of the ONNX file, and how it was built
  std::vector<char> plan;
};

// `onnx` are the bytes of the file at `path`. Throws ModelError if the network cannot be parsed or built as asked,
// DeviceError for want of a GPU or TensorRT, and Error if `option.onProgress` ended it. Makes the device current for as
// long as it takes.
BuiltPlan build(std::string_view onnx, const std::string& path, const BuildOption& option);

}  // namespace trtyolo::tensorrt
