// The graph of an ONNX file as far as its nodes, their attributes, its inputs and its outputs. The numbers of fields
// are those of onnx.proto.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace trtyolo {

// Types of elements, TensorProto.DataType.
namespace onnx_type {
inline constexpr std::uint64_t kFloat = 1, kUint8 = 2, kInt32 = 6, kInt64 = 7, kBool = 9, kHalf = 10, kDouble = 11;
}  // namespace onnx_type

// All views are into the file.
struct OnnxNode {
  std::string_view whole;    // the graph's field
  std::string_view content;  // the NodeProto
  std::string_view type;     // "Conv", "EfficientNMS_TRT"
  std::vector<std::string_view> inputs, outputs;

  // An attribute that is a number or a list of one; nothing if it is missing or anything else.
  std::optional<double> number(std::string_view attribute) const;
  // An attribute that is a number or a list of them; empty if it is missing or anything else.
  std::vector<double> numbers(std::string_view attribute) const;
  // The same as whole numbers, without fractions; what is beyond the largest one is the largest, whatever a processor
  // makes of it: INT64_MAX, which stands for "to the end" in slices, is not exact as a double and rounded up to more
  // than that.
  std::optional<std::int64_t> wholeNumber(std::string_view attribute) const;
  std::vector<std::int64_t> wholeNumbers(std::string_view attribute) const;
  // An attribute that is a tensor, as a TensorProto; empty if it is missing or anything else.
  std::string_view tensor(std::string_view attribute) const;
};

struct OnnxValue {
  std::string_view whole;  // the graph's field
  std::string_view name;
  std::uint64_t elementType = 0;        // an onnx_type
  std::vector<std::string_view> shape;  // TensorShapeProto.Dimensions

  std::vector<int> sides() const;  // of the shape; -1 where a side is not known
};

class OnnxGraph {
 public:
  // Reads what makes sense; bytes that are no ONNX give an empty graph.
  explicit OnnxGraph(std::string_view file);

  const std::vector<OnnxNode>& nodes() const { return nodes_; }     // each behind those that it needs
  const std::vector<OnnxValue>& inputs() const { return inputs_; }  // without constants, which old files list too
  const std::vector<OnnxValue>& outputs() const { return outputs_; }

  // The node that gives this value; null if it is an input or a constant.
  const OnnxNode* producerOf(std::string_view value) const;
  // The same, without the nodes that change only the form of what goes through them. Null if there are more of these in
  // a row than any exporter writes.
  const OnnxNode* sourceOf(std::string_view value) const;
  // A constant of one element, f32 or i64; nothing if it is anything else.
  std::optional<float> scalar(std::string_view value) const;
  // A constant as a TensorProto; nothing if it is none.
  std::optional<std::string_view> constant(std::string_view value) const;
  // The element type of a constant, an onnx_type; 0 if it is none.
  std::uint64_t typeOfConstant(std::string_view value) const;

 private:
  struct Constant {
    std::string_view tensor;  // a TensorProto
    std::uint64_t type = 0;
  };

  void add(std::string_view graph);
  void addNode(OnnxNode node);
  void addConstant(std::string_view name, std::string_view tensor);

  std::vector<OnnxNode> nodes_;
  // By name. Ordered, because a file can choose names that all have the same hash.
  std::map<std::string_view, std::size_t> producers_;  // places in nodes_
  std::map<std::string_view, Constant> constants_;
  std::vector<OnnxValue> inputs_, outputs_;
};

// The entry of the metadata that says which kinds of nodes a network's outputs come from, in their order: "Softmax",
// "Transpose, Concat"; of the first ones only, should a file have very many. ONNX files get it when they are read, and
// engines that are built from them.
inline constexpr const char* kOutputSources = "trtyolo_output_sources";
std::string outputSources(const OnnxGraph& graph);

}  // namespace trtyolo
