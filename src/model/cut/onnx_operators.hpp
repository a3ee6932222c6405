// The operators of ONNX of which the ends of networks are made, on arrays in memory.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "model/cut/onnx_array.hpp"
#include "model/onnx_graph.hpp"

namespace trtyolo {

// Why a value cannot be computed, in words that go on from the name of a node: "is of a type that is not understood".
class NotComputable : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

inline constexpr const char* kUnknownOperator = "is of a type that is not understood";

// Whether nodes of this type are among these.
bool isComputable(std::string_view type);

// "Add '/model.23/Add_output_0'", not longer than anybody would read.
std::string nodeName(const OnnxNode& node);

// The outputs of a node; an input that was left out is null. `most`: elements of an array.
// Throws NotComputable for operators that are not among these, for inputs that they do not take, and for larger arrays.
std::vector<OnnxArray> computeNode(const OnnxNode& node, const std::vector<const OnnxArray*>& inputs, std::size_t most);

}  // namespace trtyolo
