#include "model/input_form.hpp"

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "model/onnx_graph.hpp"
#include "model/onnx_rewriting.hpp"
#include "model/protobuf.hpp"

namespace trtyolo {
namespace {

using protobuf::appendField;
using protobuf::Field;

// The graph's first fields: an input of the usual form and the nodes that take it to the old one.
class UsualInput {
 public:
  UsualInput(const OnnxValue& input, const InputForm& form)
      : form_(form), old_(input.name), type_(form.bytes ? onnx_type::kFloat : input.elementType), shape_(input.shape) {}

  std::string fields() const {
    std::string graph;
    const std::string name = old_ + "/image", channel = old_ + "/channel";
    appendField(graph, onnx_field::kInput, std::string_view(input(name)));
    // Whichever step is the last gives the old value.
    std::vector<std::pair<std::string_view, std::string>> steps;
    if (form_.bytes) {
      steps.emplace_back("Round", "");
    }
    if (form_.channels == 1) {
      steps.emplace_back("Gather", onnxNumber("axis", 1));
      const std::string first = onnxTensor(channel, onnx_type::kInt64, {1}, std::string(8, '\0'));  // the index 0
      appendField(graph, onnx_field::kInitializer, std::string_view(first));
    }
    if (form_.channelsLast) {
      steps.emplace_back("Transpose", onnxNumbers("perm", {0, 2, 3, 1}));
    }
    std::string value = name;
    for (std::size_t i = 0; i < steps.size(); ++i) {
      const auto& [type, parameters] = steps[i];
      std::vector<std::string> inputs{value};
      if (type == "Gather") {
        inputs.push_back(channel);
      }
      value = i + 1 == steps.size() ? old_ : name + "/" + std::to_string(i);
      appendField(graph, onnx_field::kNode, std::string_view(onnxNode(type, inputs, value, parameters)));
    }
    return graph;
  }

 private:
  // Sides without a number are left open under the names that the file has for them.
  std::string input(const std::string& name) const {
    constexpr std::uint64_t kNumber = 1;
    std::vector<std::string_view> sides = shape_;
    if (form_.channelsLast) {
      std::rotate(sides.begin() + 1, sides.begin() + 3, sides.end());
    }
    std::string three;
    appendField(three, kNumber, std::uint64_t{3});
    sides[1] = three;
    return onnxValue(name, type_, &sides);
  }

  InputForm form_;
  std::string old_;
  std::uint64_t type_;
  std::vector<std::string_view> shape_;
};

// As backends name them; empty for one that is no image's.
std::string typeOf(std::uint64_t elementType) {
  return elementType == onnx_type::kFloat   ? "f32"
         : elementType == onnx_type::kHalf  ? "f16"
         : elementType == onnx_type::kUint8 ? "u8"
                                            : "";
}

std::string textOf(const InputForm& form) {
  return form.whole && form.grey ? "whole grey" : form.whole ? "whole" : form.grey ? "grey" : "";
}

}  // namespace

std::optional<InputForm> inputFormOf(const TensorInfo& tensor) {
  const std::vector<int>& sides = tensor.shape;
  const auto channels = [](int side) { return side == 3 || side == 1; };
  if (sides.size() != 4 || !(channels(sides[1]) || sides[1] == -1 || channels(sides[3])) ||
      !(tensor.type == "f32" || tensor.type == "f16" || tensor.type == "u8")) {
    return std::nullopt;
  }
  InputForm form;
  form.channelsLast = !channels(sides[1]) && channels(sides[3]);
  form.channels = sides[form.channelsLast ? 3 : 1] == 1 ? 1 : 3;
  form.bytes = form.whole = tensor.type == "u8";
  form.grey = form.channels == 1;
  return form;
}

std::optional<std::string> withUsualInput(std::string_view onnx) {
  const OnnxGraph graph(onnx);
  if (graph.inputs().size() != 1) {
    return std::nullopt;
  }
  const OnnxValue& input = graph.inputs()[0];
  const std::optional<InputForm> form =
      inputFormOf({std::string(input.name), typeOf(input.elementType), input.sides()});
  if (!form || form->usual()) {
    return std::nullopt;
  }
  const auto keeps = [&input](const Field& field) { return field.whole.data() != input.whole.data(); };
  return rewriteOnnx(onnx, UsualInput(input, *form).fields(), keeps, "", kInputForm, textOf(*form));
}

}  // namespace trtyolo
