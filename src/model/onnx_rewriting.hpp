// ONNX files with another graph in them, and the pieces of which graphs are made. The numbers of fields are those of
// onnx.proto.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "model/protobuf.hpp"

namespace trtyolo {

// Fields of a GraphProto.
namespace onnx_field {
inline constexpr std::uint64_t kNode = 1, kInitializer = 5, kInput = 11, kOutput = 12;
}  // namespace onnx_field

// AttributeProtos: a whole number, a list of them.
std::string onnxNumber(std::string_view name, std::uint64_t number);
std::string onnxNumbers(std::string_view name, const std::vector<std::uint64_t>& numbers);

// A NodeProto; `attribute` is an AttributeProto, or empty.
std::string onnxNode(std::string_view type, const std::vector<std::string>& inputs, std::string_view output,
                     std::string_view attribute = {});

// A TensorProto of i64, f32 or any other type, whose values are `raw` bytes.
std::string onnxTensor(std::string_view name, std::uint64_t elementType, const std::vector<std::uint64_t>& sides,
                       std::string_view raw);

// A ValueInfoProto; without a shape, or with one of these TensorShapeProto.Dimensions.
std::string onnxValue(std::string_view name, std::uint64_t elementType,
                      const std::vector<std::string_view>* dimensions = nullptr);

// The file with a graph of the fields `first`, those of its own that `keeps` says, and `last`, and, if it has a key,
// with one more entry in its metadata. Of several graphs, readers make one, and so does this.
std::string rewriteOnnx(std::string_view file, std::string first,
                        const std::function<bool(const protobuf::Field&)>& keeps, std::string_view last,
                        std::string_view key = {}, std::string_view value = {});

// The file with this entry in its metadata in place of those of the same key; without one if the value is empty.
std::string withOnnxMetadata(std::string_view file, std::string_view key, std::string_view value);

}  // namespace trtyolo
