// What an ONNX file says besides its arithmetic. The numbers of fields are those of onnx.proto.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "model/metadata.hpp"

namespace trtyolo {

// The metadata_props, without reading the graph; empty if the bytes are no ONNX.
Metadata parseOnnxMetadata(std::string_view file);

// The other files that hold the values of tensors (ONNX calls that external data), by their places below the folder of
// the model; empty if the bytes are no ONNX.
std::set<std::string> externalFiles(std::string_view file);

// Whether such a place is below the folder of the model, as ONNX wants it, without a look at the file system.
bool isBelowModel(const std::string& place);

}  // namespace trtyolo
