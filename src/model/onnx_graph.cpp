#include "model/onnx_graph.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "model/protobuf.hpp"

namespace trtyolo {
namespace {

using protobuf::Field;
using protobuf::forEachField;

constexpr std::uint64_t kTypeOfTensor = 2, kNameOfTensor = 8;

// The content of the last field of this number.
std::string_view contentOf(std::string_view message, std::uint64_t number) {
  std::string_view found;
  forEachField(message, [&](const Field& field) {
    if (field.number == number) {
      found = field.content;
    }
  });
  return found;
}

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

float floatAt(std::string_view bytes) {
  std::array<unsigned char, sizeof(float)> raw{};
  std::memcpy(raw.data(), bytes.data(), raw.size());
  std::uint32_t bits = 0;
  for (std::size_t i = raw.size(); i-- > 0;) {
    bits = bits << 8 | raw[i];
  }
  return std::bit_cast<float>(bits);
}

std::int64_t int64At(std::string_view bytes) {
  std::uint64_t bits = 0;
  for (std::size_t i = sizeof(bits); i-- > 0;) {
    bits = bits << 8 | static_cast<unsigned char>(bytes[i]);
  }
  return static_cast<std::int64_t>(bits);
}

void unpackReals(std::string_view bytes, std::vector<double>& numbers) {
  for (; bytes.size() >= sizeof(float); bytes.remove_prefix(sizeof(float))) {
    numbers.push_back(floatAt(bytes));
  }
}

}  // namespace

std::optional<double> OnnxNode::number(std::string_view attribute) const {
  const std::vector<double> found = numbers(attribute);
  return found.size() == 1 ? std::optional(found.front()) : std::nullopt;
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

OnnxGraph::OnnxGraph(std::string_view file) {
  constexpr std::uint64_t kGraph = 7, kNode = 1, kInitializer = 5, kInput = 11, kOutput = 12;
  forEachField(contentOf(file, kGraph), [&](const Field& field) {
    if (field.number == kNode) {
      nodes_.push_back(nodeOf(field));
      for (const std::string_view output : nodes_.back().outputs) {
        producers_.try_emplace(output, nodes_.size() - 1);
      }
    } else if (field.number == kInitializer) {
      constants_.insert_or_assign(contentOf(field.content, kNameOfTensor), field.content);
    } else if (field.number == kInput) {
      inputs_.push_back(valueOf(field));
    } else if (field.number == kOutput) {
      outputs_.push_back(valueOf(field));
    }
  });
  std::erase_if(inputs_, [this](const OnnxValue& input) { return constants_.count(input.name) != 0; });
}

const OnnxNode* OnnxGraph::producerOf(std::string_view value) const {
  const auto found = producers_.find(value);
  return found == producers_.end() ? nullptr : &nodes_[found->second];
}

const OnnxNode* OnnxGraph::sourceOf(std::string_view value) const {
  constexpr std::array<std::string_view, 6> kForm{"Identity", "Cast", "Reshape", "Squeeze", "Unsqueeze", "Flatten"};
  const OnnxNode* node = producerOf(value);
  // No more steps than there are nodes: a damaged file may go in circles.
  for (std::size_t step = 0; step < nodes_.size() && node; ++step) {
    if (std::find(kForm.begin(), kForm.end(), node->type) == kForm.end() || node->inputs.empty()) {
      return node;
    }
    node = producerOf(node->inputs[0]);
  }
  return nullptr;
}

std::string_view OnnxGraph::tensorOf(std::string_view value) const {
  constexpr std::uint64_t kAttribute = 5, kTensor = 5;
  if (const OnnxNode* node = producerOf(value); node && node->type == "Constant") {
    return contentOf(contentOf(node->content, kAttribute), kTensor);
  }
  const auto found = constants_.find(value);
  return found == constants_.end() ? std::string_view() : found->second;
}

std::uint64_t OnnxGraph::typeOfConstant(std::string_view value) const {
  std::uint64_t type = 0;
  forEachField(tensorOf(value), [&](const Field& field) { type = field.number == kTypeOfTensor ? field.value : type; });
  return type;
}

std::optional<float> OnnxGraph::scalar(std::string_view value) const {
  constexpr std::uint64_t kFloats = 4, kIntegers = 7, kRaw = 9;
  const std::uint64_t type = typeOfConstant(value);
  const bool real = type == onnx_type::kFloat, whole = type == onnx_type::kInt64;
  std::vector<double> numbers;
  forEachField(tensorOf(value), [&](const Field& field) {
    if (real && field.number == kFloats) {
      addNumbers(field, numbers, field.real(), unpackReals);
    } else if (whole && field.number == kIntegers) {
      addNumbers(field, numbers, static_cast<double>(field.integer()), unpackIntegers);
    } else if (real && field.number == kRaw) {
      unpackReals(field.content, numbers);
    } else if (whole && field.number == kRaw && field.content.size() == sizeof(std::int64_t)) {
      numbers.push_back(static_cast<double>(int64At(field.content)));
    }
  });
  return (real || whole) && numbers.size() == 1 ? std::optional(static_cast<float>(numbers.front())) : std::nullopt;
}

std::string outputSources(const OnnxGraph& graph) {
  std::string sources;
  for (const OnnxValue& output : graph.outputs()) {
    const OnnxNode* node = graph.sourceOf(output.name);
    // A product's bias is a part of it.
    for (std::size_t i = 0; node && node->type == "Add" && i < node->inputs.size(); ++i) {
      const OnnxNode* const term = graph.sourceOf(node->inputs[i]);
      node = term && term->type == "MatMul" ? term : node;
    }
    sources += (sources.empty() ? "" : ", ") + std::string(node ? node->type : "?");
  }
  return sources;
}

}  // namespace trtyolo
