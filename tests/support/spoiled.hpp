// ONNX files as a broken build or a damaged download might have them: the weights of one layer are another multiple.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "base/half_values.hpp"
#include "model/onnx_graph.hpp"
#include "model/onnx_rewriting.hpp"
#include "model/protobuf.hpp"

namespace trtyolo::test {

struct Kernel {
  std::string_view field;  // of the graph
  std::string_view tensor;
  std::string name;
};

// The kernels of convolutions that the file itself holds, in f32 or f16.
inline std::vector<Kernel> kernelsOf(std::string_view onnx) {
  constexpr std::uint64_t kGraph = 7, kDims = 1, kType = 2, kName = 8;
  std::vector<Kernel> kernels;
  protobuf::forEachField(protobuf::contentOf(onnx, kGraph), [&](const protobuf::Field& field) {
    if (field.number != onnx_field::kInitializer) {
      return;
    }
    std::size_t rank = 0;
    std::uint64_t type = 0;
    protobuf::forEachField(field.content, [&](const protobuf::Field& part) {
      protobuf::Reader packed(part.content);
      std::uint64_t side = 0;
      rank += part.number == kDims && !part.hasLength ? 1 : 0;
      while (part.number == kDims && part.hasLength && packed.varint(side)) {
        ++rank;
      }
      type = part.number == kType ? part.value : type;
    });
    if (rank == 4 && (type == onnx_type::kFloat || type == onnx_type::kHalf)) {
      kernels.push_back({field.whole, field.content, std::string(protobuf::contentOf(field.content, kName))});
    }
  });
  return kernels;
}

// The file with one of its kernels multiplied.
inline std::string withScaledKernel(std::string_view onnx, const Kernel& kernel, float factor) {
  constexpr std::uint64_t kType = 2, kRaw = 9;
  std::uint64_t type = 0;
  std::string tensor;
  protobuf::forEachField(kernel.tensor, [&](const protobuf::Field& part) {
    type = part.number == kType ? part.value : type;
    tensor += part.number == kRaw ? std::string_view() : part.whole;
  });
  std::string raw(protobuf::contentOf(kernel.tensor, kRaw));
  const std::size_t size = type == onnx_type::kHalf ? sizeof(std::uint16_t) : sizeof(float);
  for (std::size_t at = 0; at + size <= raw.size(); at += size) {
    std::uint16_t half = 0;
    float value = 0;
    if (type == onnx_type::kHalf) {
      std::memcpy(&half, &raw[at], size);
      half = toF16(factor * fromF16(half));
      std::memcpy(&raw[at], &half, size);
    } else {
      std::memcpy(&value, &raw[at], size);
      value *= factor;
      std::memcpy(&raw[at], &value, size);
    }
  }
  protobuf::appendField(tensor, kRaw, raw);
  std::string field;
  protobuf::appendField(field, onnx_field::kInitializer, std::string_view(tensor));
  return rewriteOnnx(
      onnx, {}, [&](const protobuf::Field& part) { return part.whole.data() != kernel.field.data(); }, field);
}

}  // namespace trtyolo::test
