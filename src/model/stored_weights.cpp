#include "model/stored_weights.hpp"

#include <algorithm>
#include <limits>
#include <set>
#include <vector>

#include "model/cut/onnx_array.hpp"
#include "model/onnx_graph.hpp"
#include "model/onnx_rewriting.hpp"
#include "model/protobuf.hpp"

namespace trtyolo {
namespace {

// The constant that a node casts from f16 to f32, as a TensorProto.
std::optional<std::string_view> castConstant(const OnnxGraph& graph, const OnnxNode& node) {
  if (node.type != "Cast" || node.inputs.size() != 1 || node.outputs.size() != 1 ||
      node.number("to") != static_cast<double>(onnx_type::kFloat) ||
      graph.typeOfConstant(node.inputs[0]) != onnx_type::kHalf) {
    return std::nullopt;
  }
  const bool given = std::any_of(graph.outputs().begin(), graph.outputs().end(),
                                 [&](const OnnxValue& output) { return output.name == node.outputs[0]; });
  return given ? std::nullopt : graph.constant(node.inputs[0]);
}

}  // namespace

std::optional<std::string> withWeightsInF32(std::string_view onnx) {
  const OnnxGraph graph(onnx);
  std::set<const char*> gone;
  std::string constants;
  for (const OnnxNode& node : graph.nodes()) {
    const std::optional<std::string_view> stored = castConstant(graph, node);
    const std::optional<OnnxArray> array =
        stored ? arrayOfTensor(*stored, std::numeric_limits<std::int32_t>::max()) : std::nullopt;
    if (!array) {
      continue;
    }
    const std::vector<std::uint64_t> sides(array->shape.begin(), array->shape.end());
    const std::string_view values(reinterpret_cast<const char*>(array->reals.data()),
                                  array->reals.size() * sizeof(float));
    protobuf::appendField(constants, onnx_field::kInitializer,
                          std::string_view(onnxTensor(node.outputs[0], onnx_type::kFloat, sides, values)));
    gone.insert(node.whole.data());
  }
  if (gone.empty()) {
    return std::nullopt;
  }
  const auto keeps = [&](const protobuf::Field& field) { return gone.count(field.whole.data()) == 0; };
  return rewriteOnnx(onnx, "", keeps, constants);
}

}  // namespace trtyolo
