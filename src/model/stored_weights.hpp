// Weights that an ONNX file stores in fewer bits than its graph computes with.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace trtyolo {

// The file with constants of f16 that its graph casts to f32 given as f32, without the casts. TensorRT takes a kernel
// that comes out of a cast for one that is computed, and prepares it at every run: YOLO11n takes more than twice as
// long then. Nothing if there are none; those whose values lie in another file stay as they are.
std::optional<std::string> withWeightsInF32(std::string_view onnx);

}  // namespace trtyolo
