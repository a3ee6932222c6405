#include "model/onnx_rewriting.hpp"

#include <utility>

namespace trtyolo {

using protobuf::appendField;
using protobuf::Field;
using protobuf::forEachField;

namespace {

// Fields of a ModelProto, and of the StringStringEntryProtos that are its metadata.
namespace model_field {
constexpr std::uint64_t kGraph = 7, kMetadataProps = 14, kKey = 1, kValue = 2;
}  // namespace model_field

void appendMetadata(std::string& file, std::string_view key, std::string_view value) {
  std::string entry;
  appendField(entry, model_field::kKey, key);
  appendField(entry, model_field::kValue, value);
  appendField(file, model_field::kMetadataProps, std::string_view(entry));
}

// Fields of an AttributeProto, and the types that it may have.
constexpr std::uint64_t kInteger = 3, kIntegers = 8, kTypeInteger = 2, kTypeIntegers = 7;

std::string attributeOf(std::string_view name, const std::vector<std::uint64_t>& integers, std::uint64_t field,
                        std::uint64_t type) {
  constexpr std::uint64_t kName = 1, kType = 20;
  std::string bytes;
  appendField(bytes, kName, name);
  for (const std::uint64_t integer : integers) {
    appendField(bytes, field, integer);
  }
  appendField(bytes, kType, type);
  return bytes;
}

}  // namespace

std::string onnxNumber(std::string_view name, std::uint64_t number) {
  return attributeOf(name, {number}, kInteger, kTypeInteger);
}

std::string onnxNumbers(std::string_view name, const std::vector<std::uint64_t>& numbers) {
  return attributeOf(name, numbers, kIntegers, kTypeIntegers);
}

std::string onnxNode(std::string_view type, const std::vector<std::string>& inputs, std::string_view output,
                     std::string_view attribute) {
  constexpr std::uint64_t kNodeInput = 1, kNodeOutput = 2, kNodeType = 4, kAttribute = 5;
  std::string node;
  for (const std::string& input : inputs) {
    appendField(node, kNodeInput, std::string_view(input));
  }
  appendField(node, kNodeOutput, output);
  appendField(node, kNodeType, type);
  if (!attribute.empty()) {
    appendField(node, kAttribute, attribute);
  }
  return node;
}

std::string onnxTensor(std::string_view name, std::uint64_t elementType, const std::vector<std::uint64_t>& sides,
                       std::string_view raw) {
  constexpr std::uint64_t kDims = 1, kDataType = 2, kName = 8, kRaw = 9;
  std::string tensor;
  for (const std::uint64_t side : sides) {
    appendField(tensor, kDims, side);
  }
  appendField(tensor, kDataType, elementType);
  appendField(tensor, kName, name);
  appendField(tensor, kRaw, raw);
  return tensor;
}

std::string onnxValue(std::string_view name, std::uint64_t elementType,
                      const std::vector<std::string_view>* dimensions) {
  constexpr std::uint64_t kName = 1, kType = 2, kTensorType = 1, kElementType = 1, kShape = 2, kDim = 1;
  std::string tensor, type, value;
  appendField(tensor, kElementType, elementType);
  if (dimensions) {
    std::string shape;
    for (const std::string_view dimension : *dimensions) {
      appendField(shape, kDim, dimension);
    }
    appendField(tensor, kShape, std::string_view(shape));
  }
  appendField(type, kTensorType, std::string_view(tensor));
  appendField(value, kName, name);
  appendField(value, kType, std::string_view(type));
  return value;
}

std::string rewriteOnnx(std::string_view file, std::string first, const std::function<bool(const Field&)>& keeps,
                        std::string_view last, std::string_view key, std::string_view value) {
  std::string graph = std::move(first), rewritten;
  graph.reserve(graph.size() + file.size() + last.size());
  forEachField(file, [&](const Field& field) {
    if (field.number != model_field::kGraph) {
      rewritten += field.whole;
      return;
    }
    forEachField(field.content, [&](const Field& part) {
      if (keeps(part)) {
        graph += part.whole;
      }
    });
  });
  graph += last;
  rewritten.reserve(rewritten.size() + graph.size() + key.size() + value.size() + 64);  // with the fields' lengths
  appendField(rewritten, model_field::kGraph, std::string_view(graph));
  if (!key.empty()) {
    appendMetadata(rewritten, key, value);
  }
  return rewritten;
}

std::string withOnnxMetadata(std::string_view file, std::string_view key, std::string_view value) {
  std::string rewritten;
  rewritten.reserve(file.size() + key.size() + value.size() + 64);
  forEachField(file, [&](const Field& field) {
    if (field.number != model_field::kMetadataProps || protobuf::contentOf(field.content, model_field::kKey) != key) {
      rewritten += field.whole;
    }
  });
  if (!value.empty()) {
    appendMetadata(rewritten, key, value);
  }
  return rewritten;
}

}  // namespace trtyolo
