#include "model/input_form.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "model/onnx_graph.hpp"
#include "model/protobuf.hpp"

namespace trtyolo {
namespace {

using protobuf::appendField;
using protobuf::Field;
using protobuf::forEachField;

// A message, made piece by piece.
class MessageWriter {
 public:
  template <typename Value>
  MessageWriter& add(std::uint64_t number, const Value& value) {
    appendField(bytes_, number, value);
    return *this;
  }
  MessageWriter& add(std::uint64_t number, const MessageWriter& message) {
    return add(number, std::string_view(message.bytes_));
  }
  MessageWriter& add(std::uint64_t number, const std::string& text) { return add(number, std::string_view(text)); }

  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

// An AttributeProto.
MessageWriter attribute(std::string_view name, const std::vector<std::uint64_t>& integers, bool list) {
  constexpr std::uint64_t kName = 1, kInteger = 3, kIntegers = 8, kType = 20, kTypeInteger = 2, kTypeIntegers = 7;
  MessageWriter message;
  message.add(kName, name);
  for (const std::uint64_t integer : integers) {
    message.add(list ? kIntegers : kInteger, integer);
  }
  message.add(kType, list ? kTypeIntegers : kTypeInteger);
  return message;
}

MessageWriter node(std::string_view type, const std::vector<std::string>& inputs, const std::string& output) {
  constexpr std::uint64_t kInput = 1, kOutput = 2, kType = 4;
  MessageWriter message;
  for (const std::string& input : inputs) {
    message.add(kInput, input);
  }
  return message.add(kOutput, output).add(kType, type);
}

constexpr std::uint64_t kAttributeOfNode = 5;

// The graph's first fields: an input of the usual form and the nodes that take it to the old one.
class UsualInput {
 public:
  UsualInput(const OnnxValue& input, const InputForm& form)
      : form_(form), old_(input.name), type_(form.bytes ? onnx_type::kFloat : input.elementType), shape_(input.shape) {}

  std::string fields() {
    constexpr std::uint64_t kInitializer = 5;
    std::string graph;
    const std::string name = old_ + "/image";
    appendInput(graph, name);
    // Whichever step is the last gives the old value.
    std::vector<std::pair<std::string_view, MessageWriter>> steps;
    if (form_.bytes) {
      steps.emplace_back("Round", MessageWriter());
    }
    if (form_.channels == 1) {
      steps.emplace_back("Gather", attribute("axis", {1}, false));
      MessageWriter first;  // the index 0 of a channel
      constexpr std::uint64_t kDims = 1, kDataType = 2, kName = 8, kRaw = 9;
      first.add(kDims, std::uint64_t{1})
          .add(kDataType, onnx_type::kInt64)
          .add(kName, channel())
          .add(kRaw, std::string(8, '\0'));
      appendField(graph, kInitializer, std::string_view(first.bytes()));
    }
    if (form_.channelsLast) {
      steps.emplace_back("Transpose", attribute("perm", {0, 2, 3, 1}, true));
    }
    std::string value = name;
    for (std::size_t i = 0; i < steps.size(); ++i) {
      const auto& [type, parameters] = steps[i];
      std::vector<std::string> inputs{value};
      if (type == "Gather") {
        inputs.push_back(channel());
      }
      value = i + 1 == steps.size() ? old_ : name + "/" + std::to_string(i);
      MessageWriter step = node(type, inputs, value);
      if (!parameters.bytes().empty()) {
        step.add(kAttributeOfNode, parameters);
      }
      constexpr std::uint64_t kNode = 1;
      appendField(graph, kNode, std::string_view(step.bytes()));
    }
    return graph;
  }

 private:
  std::string channel() const { return old_ + "/channel"; }

  // Sides without a number are left open under the names that the file has for them.
  void appendInput(std::string& graph, const std::string& name) const {
    constexpr std::uint64_t kInput = 11, kName = 1, kType = 2, kTensorType = 1, kElementType = 1, kShape = 2, kDim = 1,
                            kNumber = 1;
    std::vector<std::string_view> sides = shape_;
    if (form_.channelsLast) {
      std::rotate(sides.begin() + 1, sides.begin() + 3, sides.end());
    }
    const MessageWriter three = MessageWriter().add(kNumber, std::uint64_t{3});
    sides[1] = three.bytes();
    MessageWriter shape;
    for (const std::string_view side : sides) {
      shape.add(kDim, side);
    }
    const MessageWriter type =
        MessageWriter().add(kTensorType, MessageWriter().add(kElementType, type_).add(kShape, shape));
    appendField(graph, kInput, std::string_view(MessageWriter().add(kName, name).add(kType, type).bytes()));
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

int sideOf(std::string_view dimension) {
  constexpr std::uint64_t kNumber = 1;
  int side = -1;
  forEachField(dimension, [&](const Field& field) {
    if (field.number == kNumber && field.value <= static_cast<std::uint64_t>(std::numeric_limits<int>::max())) {
      side = static_cast<int>(field.value);
    }
  });
  return side;
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
  constexpr std::uint64_t kGraph = 7, kMetadataProps = 14, kKey = 1, kValue = 2;
  const OnnxGraph graph(onnx);
  if (graph.inputs().size() != 1) {
    return std::nullopt;
  }
  const OnnxValue& input = graph.inputs()[0];
  TensorInfo tensor{std::string(input.name), typeOf(input.elementType), {}};
  std::transform(input.shape.begin(), input.shape.end(), std::back_inserter(tensor.shape), sideOf);
  const std::optional<InputForm> form = inputFormOf(tensor);
  if (!form || form->usual()) {
    return std::nullopt;
  }
  std::string file;
  file.reserve(onnx.size() + 4096);
  std::string first = UsualInput(input, *form).fields();
  forEachField(onnx, [&](const Field& field) {
    if (field.number != kGraph) {
      file += field.whole;
      return;
    }
    std::string rewritten = std::exchange(first, "");  // of several graphs, readers make one
    rewritten.reserve(rewritten.size() + field.content.size());
    forEachField(field.content, [&](const Field& part) {
      if (part.whole.data() != input.whole.data()) {
        rewritten += part.whole;
      }
    });
    appendField(file, kGraph, std::string_view(rewritten));
  });
  const MessageWriter entry = MessageWriter().add(kKey, std::string_view(kInputForm)).add(kValue, textOf(*form));
  appendField(file, kMetadataProps, std::string_view(entry.bytes()));
  return file;
}

}  // namespace trtyolo
