// Writes ONNX files of any kind, also such as no exporter would. The numbers of fields are those of onnx.proto.
#pragma once

#include <bit>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/onnx_graph.hpp"
#include "model/protobuf.hpp"

namespace trtyolo::test::onnx {

using protobuf::appendField;
using Names = std::vector<std::string>;

using onnx_type::kFloat;
using onnx_type::kHalf;
using onnx_type::kInt32;
using onnx_type::kInt64;
using onnx_type::kUint8;
inline constexpr std::uint64_t kBool = 9;

inline std::string field(std::uint64_t number, std::string_view content) {
  std::string bytes;
  appendField(bytes, number, content);
  return bytes;
}

// AttributeProtos.
inline std::string integer(std::string_view name, std::int64_t value) {
  std::string bytes = field(1, name);
  appendField(bytes, 3, static_cast<std::uint64_t>(value));
  appendField(bytes, 20, std::uint64_t{2});
  return bytes;
}
inline std::string integers(std::string_view name, const std::vector<std::int64_t>& values) {
  std::string bytes = field(1, name);
  for (const std::int64_t value : values) {
    appendField(bytes, 8, static_cast<std::uint64_t>(value));
  }
  appendField(bytes, 20, std::uint64_t{7});
  return bytes;
}
inline std::string real(std::string_view name, float value) {
  std::string bytes = field(1, name) + "\x15";
  const auto bits = std::bit_cast<std::uint32_t>(value);
  for (unsigned shift = 0; shift < 32; shift += 8) {
    bytes += static_cast<char>(bits >> shift & 0xFFU);
  }
  appendField(bytes, 20, std::uint64_t{1});
  return bytes;
}
inline std::string tensorAttribute(std::string_view name, std::string_view tensor) {
  std::string bytes = field(1, name) + field(5, tensor);
  appendField(bytes, 20, std::uint64_t{4});
  return bytes;
}
inline std::string graphAttribute(std::string_view name, std::string_view graph) {
  std::string bytes = field(1, name) + field(6, graph);
  appendField(bytes, 20, std::uint64_t{5});
  return bytes;
}

// A NodeProto.
inline std::string node(std::string_view type, const Names& inputs, const Names& outputs, const Names& attributes = {},
                        std::string_view domain = "") {
  std::string bytes;
  for (const std::string& input : inputs) {
    appendField(bytes, 1, input);
  }
  for (const std::string& output : outputs) {
    appendField(bytes, 2, output);
  }
  appendField(bytes, 4, type);
  for (const std::string& attribute : attributes) {
    appendField(bytes, 5, attribute);
  }
  if (!domain.empty()) {
    appendField(bytes, 7, domain);
  }
  return bytes;
}

// A TensorProto without values.
inline std::string tensorHead(std::string_view name, std::uint64_t type, const std::vector<std::int64_t>& dims) {
  std::string bytes;
  for (const std::int64_t dim : dims) {
    appendField(bytes, 1, static_cast<std::uint64_t>(dim));
  }
  appendField(bytes, 2, type);
  appendField(bytes, 8, name);
  return bytes;
}

// TensorProtos with their values, or with the place of these in another file.
template <typename Value>
std::string rawOf(const std::vector<Value>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(Value)};
}
inline std::string tensor(std::string_view name, const std::vector<std::int64_t>& dims,
                          const std::vector<float>& values) {
  return tensorHead(name, kFloat, dims) + field(9, rawOf(values));
}
inline std::string tensor(std::string_view name, const std::vector<std::int64_t>& dims,
                          const std::vector<std::int64_t>& values) {
  return tensorHead(name, kInt64, dims) + field(9, rawOf(values));
}
inline std::string entry(std::string_view key, std::string_view value) {
  return field(1, key) + field(2, value);
}
inline std::string externalTensor(std::string_view name, const std::vector<std::int64_t>& dims,
                                  const std::vector<std::pair<std::string, std::string>>& place) {
  std::string bytes = tensorHead(name, kFloat, dims);
  for (const auto& [key, value] : place) {
    appendField(bytes, 13, entry(key, value));
  }
  appendField(bytes, 14, std::uint64_t{1});
  return bytes;
}

// A ValueInfoProto; sides below 0 are unknown.
inline std::string value(std::string_view name, std::uint64_t type, const std::vector<std::int64_t>& sides) {
  std::string shape, tensorType;
  for (const std::int64_t side : sides) {
    std::string dimension;
    if (side >= 0) {
      appendField(dimension, 1, static_cast<std::uint64_t>(side));
    } else if (side == -1) {
      appendField(dimension, 2, "n");
    } else {
      appendField(dimension, 1, static_cast<std::uint64_t>(side));  // negative, and said to be known
    }
    appendField(shape, 1, dimension);
  }
  appendField(tensorType, 1, type);
  appendField(tensorType, 2, shape);
  return field(1, name) + field(2, field(1, tensorType));
}

// A GraphProto.
struct Graph {
  Names nodes, initializers, sparse, inputs, outputs;

  std::string bytes() const {
    std::string bytes;
    const auto all = [&bytes](std::uint64_t number, const Names& parts) {
      for (const std::string& part : parts) {
        appendField(bytes, number, part);
      }
    };
    all(1, nodes);
    appendField(bytes, 2, "g");
    all(5, initializers);
    all(11, inputs);
    all(12, outputs);
    all(15, sparse);
    return bytes;
  }
};

// A ModelProto; its functions are of the domain "own".
inline std::string model(std::string_view graph, const std::map<std::string, std::string>& metadata = {},
                         const Names& functions = {}, std::uint64_t opset = 17) {
  std::string bytes, version;
  appendField(bytes, 1, std::uint64_t{8});  // ir_version
  appendField(bytes, 7, graph);
  appendField(version, 2, opset);
  appendField(bytes, 8, version);
  for (const auto& [key, text] : metadata) {
    appendField(bytes, 14, entry(key, text));
  }
  for (const std::string& function : functions) {
    appendField(bytes, 25, function);
  }
  if (!functions.empty()) {
    appendField(bytes, 8, field(1, "own") + "\x10\x01");
  }
  return bytes;
}

}  // namespace trtyolo::test::onnx
