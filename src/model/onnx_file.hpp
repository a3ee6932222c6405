// What an ONNX file says besides its arithmetic. The numbers of fields are those of onnx.proto.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "model/metadata.hpp"

namespace trtyolo {

// The metadata_props, without reading the graph; empty if the bytes are no ONNX.
Metadata parseOnnxMetadata(std::string_view file);

// The other files that hold the values of tensors (ONNX calls that external data), by their places below the folder of
// the model as the file says them, and how many bytes each must have at least. Of all graphs, also those in nodes, in
// functions and for training. Empty if the bytes are no ONNX.
std::map<std::string, std::uint64_t> externalFiles(std::string_view file);

// Why an ONNX file is refused before anybody reads it, in a sentence that begins with "it"; empty if it is not. No
// exporter goes beyond these limits by far, and readers take time that grows with the square of a number of nodes, or
// doubles with each graph in a graph. Bytes that are no ONNX are within them.
std::string whyTooLarge(std::string_view file);

// Whether such a place is below the folder of the model, as ONNX wants it and without "..", before links are followed.
bool isBelowModel(const std::string& place);

}  // namespace trtyolo
