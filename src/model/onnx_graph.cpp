#include "model/onnx_graph.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <utility>

#include "base/little_endian.hpp"
#include "model/protobuf.hpp"

namespace trtyolo {
namespace {

using protobuf::contentOf;
using protobuf::Field;
using protobuf::forEachField;

constexpr std::uint64_t kTypeOfTensor = 2, kNameOfTensor = 8;

OnnxNode nodeOf(const Field& field) {
  constexpr std::uint64_t kInput = 1, kOutput = 2, kType = 4;
  OnnxNode node;
  node.whole = field.whole;
  node.content = field.content;
  forEachField(field.content, [&](const Field& part) {
    if (part.number == kInput) {
      node.inputs.push_back(part.content);
    } else if (part.number == kOutput) {
      node.outputs.push_back(part.content);
    } else if (part.number == kType) {
      node.type = part.content;
    }
  });
  return node;
}

// Of a ValueInfoProto.
OnnxValue valueOf(const Field& value) {
  constexpr std::uint64_t kName = 1, kType = 2, kTensorType = 1, kElementType = 1, kShape = 2, kDim = 1;
  OnnxValue read{value.whole, contentOf(value.content, kName), 0, {}};
  forEachField(contentOf(contentOf(value.content, kType), kTensorType), [&](const Field& field) {
    if (field.number == kElementType) {
      read.elementType = field.value;
    } else if (field.number == kShape) {
      forEachField(field.content, [&](const Field& side) {
        if (side.number == kDim) {
          read.shape.push_back(side.content);
        }
      });
    }
  });
  return read;
}

// Numbers that stand one by one or packed.
template <typename Unpack>
void addNumbers(const Field& field, std::vector<double>& numbers, double single, const Unpack& unpack) {
  if (field.content.empty()) {
    numbers.push_back(single);
  } else {
    unpack(field.content, numbers);
  }
}

void unpackIntegers(std::string_view bytes, std::vector<double>& numbers) {
  protobuf::Reader reader(bytes);
  for (std::uint64_t value = 0; reader.varint(value);) {
    numbers.push_back(static_cast<double>(static_cast<std::int64_t>(value)));
  }
}

void unpackReals(std::string_view bytes, std::vector<double>& numbers) {
  for (; bytes.size() >= sizeof(float); bytes.remove_prefix(sizeof(float))) {
    numbers.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(littleEndian(bytes.substr(0, sizeof(float))))));
  }
}

// A NaN is 0.
std::int64_t saturated(double value) {
  using Limits = std::numeric_limits<std::int64_t>;
  constexpr double kBeyond = 0x1p63;
  if (std::isnan(value)) {
    return 0;
  }
  return value >= kBeyond ? Limits::max() : value < -kBeyond ? Limits::min() : static_cast<std::int64_t>(value);
}

}  // namespace

std::vector<int> OnnxValue::sides() const {
  constexpr std::uint64_t kNumber = 1;
  std::vector<int> sides;
  for (const std::string_view dimension : shape) {
    int& side = sides.emplace_back(-1);
    forEachField(dimension, [&](const Field& field) {
      if (field.number == kNumber && field.value <= static_cast<std::uint64_t>(std::numeric_limits<int>::max())) {
        side = static_cast<int>(field.value);
      }
    });
  }
  return sides;
}

std::optional<double> OnnxNode::number(std::string_view attribute) const {
  const std::vector<double> found = numbers(attribute);
  return found.size() == 1 ? std::optional(found.front()) : std::nullopt;
}

std::optional<std::int64_t> OnnxNode::wholeNumber(std::string_view attribute) const {
  const std::optional<double> found = number(attribute);
  return found ? std::optional(saturated(*found)) : std::nullopt;
}

std::vector<std::int64_t> OnnxNode::wholeNumbers(std::string_view attribute) const {
  std::vector<std::int64_t> found;
  for (const double value : numbers(attribute)) {
    found.push_back(saturated(value));
  }
  return found;
}

std::vector<double> OnnxNode::numbers(std::string_view attribute) const {
  constexpr std::uint64_t kAttribute = 5, kName = 1, kReal = 2, kInteger = 3, kReals = 7, kIntegers = 8;
  std::vector<double> numbers;
  forEachField(content, [&](const Field& field) {
    if (field.number != kAttribute || contentOf(field.content, kName) != attribute) {
      return;
    }
    forEachField(field.content, [&](const Field& part) {
      if (part.number == kReal) {
        numbers.push_back(part.real());
      } else if (part.number == kInteger) {
        numbers.push_back(static_cast<double>(part.integer()));
      } else if (part.number == kReals) {
        addNumbers(part, numbers, part.real(), unpackReals);
      } else if (part.number == kIntegers) {
        addNumbers(part, numbers, static_cast<double>(part.integer()), unpackIntegers);
      }
    });
  });
  return numbers;
}

std::string_view OnnxNode::tensor(std::string_view attribute) const {
  constexpr std::uint64_t kAttribute = 5, kName = 1, kTensor = 5;
  std::string_view found;
  forEachField(content, [&](const Field& field) {
    if (field.number == kAttribute && contentOf(field.content, kName) == attribute) {
      found = contentOf(field.content, kTensor);
    }
  });
  return found;
}

OnnxGraph::OnnxGraph(std::string_view file) {
  constexpr std::uint64_t kGraph = 7;
  forEachField(file, [&](const Field& field) {
    if (field.number == kGraph) {
      add(field.content);  // of several, readers make one
    }
  });
  std::erase_if(inputs_, [this](const OnnxValue& input) { return constants_.count(input.name) != 0; });
}

void OnnxGraph::add(std::string_view graph) {
  constexpr std::uint64_t kNode = 1, kInitializer = 5, kInput = 11, kOutput = 12;
  forEachField(graph, [&](const Field& field) {
    if (field.number == kNode) {
      addNode(nodeOf(field));
    } else if (field.number == kInitializer) {
      addConstant(contentOf(field.content, kNameOfTensor), field.content);
    } else if (field.number == kInput) {
      inputs_.push_back(valueOf(field));
    } else if (field.number == kOutput) {
      outputs_.push_back(valueOf(field));
    }
  });
}

void OnnxGraph::addNode(OnnxNode node) {
  constexpr std::uint64_t kAttribute = 5, kTensor = 5;
  if (node.type == "Constant" && !node.outputs.empty()) {
    addConstant(node.outputs[0], contentOf(contentOf(node.content, kAttribute), kTensor));
  }
  for (const std::string_view output : node.outputs) {
    producers_.try_emplace(output, nodes_.size());
  }
  nodes_.push_back(std::move(node));
}

// Its type is looked up once: values that stand one by one are long to read.
void OnnxGraph::addConstant(std::string_view name, std::string_view tensor) {
  Constant constant{tensor, 0};
  forEachField(
      tensor, [&](const Field& field) { constant.type = field.number == kTypeOfTensor ? field.value : constant.type; });
  constants_.insert_or_assign(name, constant);
}

const OnnxNode* OnnxGraph::producerOf(std::string_view value) const {
  const auto found = producers_.find(value);
  return found == producers_.end() ? nullptr : &nodes_[found->second];
}

const OnnxNode* OnnxGraph::sourceOf(std::string_view value) const {
  constexpr std::array<std::string_view, 6> kForm{"Identity", "Cast", "Reshape", "Squeeze", "Unsqueeze", "Flatten"};
  constexpr int kMostSteps = 64;  // a damaged file may go in circles, or a long way for each of many values
  const OnnxNode* node = producerOf(value);
  for (int step = 0; step < kMostSteps && node; ++step) {
    if (std::find(kForm.begin(), kForm.end(), node->type) == kForm.end() || node->inputs.empty()) {
      return node;
    }
    node = producerOf(node->inputs[0]);
  }
  return nullptr;
}

std::optional<std::string_view> OnnxGraph::constant(std::string_view value) const {
  const auto found = constants_.find(value);
  return found == constants_.end() ? std::nullopt : std::optional(found->second.tensor);
}

std::uint64_t OnnxGraph::typeOfConstant(std::string_view value) const {
  const auto found = constants_.find(value);
  return found == constants_.end() ? 0 : found->second.type;
}

std::optional<float> OnnxGraph::scalar(std::string_view value) const {
  constexpr std::uint64_t kFloats = 4, kIntegers = 7, kRaw = 9;
  const auto found = constants_.find(value);
  const std::uint64_t type = found == constants_.end() ? 0 : found->second.type;
  const bool real = type == onnx_type::kFloat, whole = type == onnx_type::kInt64;
  if (!real && !whole) {
    return std::nullopt;
  }
  std::vector<double> numbers;
  protobuf::Reader reader(found->second.tensor);
  for (Field field; numbers.size() < 2 && reader.next(field);) {
    if (real && field.number == kFloats) {
      addNumbers(field, numbers, field.real(), unpackReals);
    } else if (whole && field.number == kIntegers) {
      addNumbers(field, numbers, static_cast<double>(field.integer()), unpackIntegers);
    } else if (real && field.number == kRaw) {
      unpackReals(field.content, numbers);
    } else if (whole && field.number == kRaw && field.content.size() == sizeof(std::int64_t)) {
      numbers.push_back(static_cast<double>(static_cast<std::int64_t>(littleEndian(field.content))));
    }
  }
  return numbers.size() == 1 ? std::optional(static_cast<float>(numbers.front())) : std::nullopt;
}

std::string outputSources(const OnnxGraph& graph) {
  constexpr std::size_t kMostOutputs = 64, kMostTerms = 2, kMostLetters = 64;
  std::string sources;
  for (std::size_t output = 0; output < std::min(graph.outputs().size(), kMostOutputs); ++output) {
    const OnnxNode* node = graph.sourceOf(graph.outputs()[output].name);
    // A product's bias is a part of it.
    for (std::size_t i = 0; node && node->type == "Add" && i < std::min(node->inputs.size(), kMostTerms); ++i) {
      const OnnxNode* const term = graph.sourceOf(node->inputs[i]);
      node = term && term->type == "MatMul" ? term : node;
    }
    sources += (sources.empty() ? "" : ", ") + std::string(node ? node->type.substr(0, kMostLetters) : "?");
  }
  return sources;
}

}  // namespace trtyolo
