#include "model/cut/onnx_array.hpp"

#include <bit>
#include <string>

#include "base/half_values.hpp"
#include "base/little_endian.hpp"
#include "model/onnx_graph.hpp"
#include "model/protobuf.hpp"

namespace trtyolo {
namespace {

using protobuf::Field;
using protobuf::forEachField;
using protobuf::Reader;

// Bytes of an element in raw data; 0 of a type that is not understood.
std::size_t widthOf(std::uint64_t type) {
  switch (type) {
    case onnx_type::kFloat:
    case onnx_type::kInt32:
      return 4;
    case onnx_type::kInt64:
    case onnx_type::kDouble:
      return 8;
    case onnx_type::kBool:
      return 1;
    case onnx_type::kHalf:
      return 2;
    default:
      return 0;
  }
}

// The values of a tensor as they are read.
struct Values {
  OnnxArray& array;
  std::uint64_t type;
  std::size_t most;

  void add(std::uint64_t bits) {
    switch (type) {
      case onnx_type::kFloat:
        array.reals.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
        break;
      case onnx_type::kDouble:
        array.reals.push_back(static_cast<float>(std::bit_cast<double>(bits)));
        break;
      case onnx_type::kHalf:
        array.reals.push_back(fromF16(static_cast<std::uint16_t>(bits)));
        break;
      case onnx_type::kInt32:
        array.wholes.push_back(static_cast<std::int32_t>(static_cast<std::uint32_t>(bits)));
        break;
      default:
        array.wholes.push_back(static_cast<std::int64_t>(bits));
        break;
    }
  }
  // One more than there may be shows that there are too many.
  void addFixed(std::string_view bytes, std::size_t width) {
    for (; bytes.size() >= width && array.size() <= most; bytes.remove_prefix(width)) {
      add(littleEndian(bytes.substr(0, width)));
    }
  }
  void addVarints(std::string_view bytes) {
    Reader reader(bytes);
    for (std::uint64_t value = 0; array.size() <= most && reader.varint(value);) {
      add(value);
    }
  }
};

}  // namespace

std::optional<std::size_t> elementsOf(const std::vector<std::int64_t>& shape, std::size_t most) {
  std::size_t elements = 1;
  bool none = false;
  for (const std::int64_t side : shape) {
    if (side < 0) {
      return std::nullopt;
    }
    none = none || side == 0;
  }
  for (const std::int64_t side : shape) {
    if (none || static_cast<std::uint64_t>(side) > most / elements) {
      return none ? std::optional<std::size_t>(0) : std::nullopt;
    }
    elements *= static_cast<std::size_t>(side);
  }
  return elements;
}

std::vector<std::int64_t> shapeOfTensor(std::string_view tensor) {
  constexpr std::uint64_t kDims = 1;
  constexpr std::size_t kMostSides = 16;
  std::vector<std::int64_t> shape;
  forEachField(tensor, [&](const Field& field) {
    if (field.number != kDims || shape.size() > kMostSides) {
      return;
    }
    if (!field.hasLength) {
      shape.push_back(field.integer());
      return;
    }
    Reader reader(field.content);
    for (std::uint64_t side = 0; shape.size() <= kMostSides && reader.varint(side);) {
      shape.push_back(static_cast<std::int64_t>(side));
    }
  });
  return shape;
}

std::optional<OnnxArray> arrayOfTensor(std::string_view tensor, std::size_t most) {
  constexpr std::uint64_t kDataType = 2, kFloats = 4, kInt32s = 5, kInt64s = 7, kRaw = 9, kDoubles = 10, kLocation = 14;
  OnnxArray array;
  array.shape = shapeOfTensor(tensor);
  const std::optional<std::size_t> elements = elementsOf(array.shape, most);
  std::uint64_t type = 0;
  bool elsewhere = false;
  forEachField(tensor, [&](const Field& field) {
    type = field.number == kDataType ? field.value : type;
    elsewhere = elsewhere || (field.number == kLocation && field.value != 0);
  });
  const std::size_t width = widthOf(type);
  if (!elements || elsewhere || width == 0) {
    return std::nullopt;
  }
  array.real = type == onnx_type::kFloat || type == onnx_type::kHalf || type == onnx_type::kDouble;
  Values values{array, type, *elements};
  forEachField(tensor, [&](const Field& field) {
    switch (field.number) {
      case kRaw:
        values.addFixed(field.content, width);
        break;
      case kFloats:
      case kDoubles:
        if (field.hasLength) {
          values.addFixed(field.content, field.number == kFloats ? sizeof(float) : sizeof(double));
        } else if (array.size() <= *elements) {
          values.add(field.value);
        }
        break;
      case kInt32s:
      case kInt64s:
        if (field.hasLength) {
          values.addVarints(field.content);
        } else if (array.size() <= *elements) {
          values.add(field.value);
        }
        break;
      default:
        break;
    }
  });
  return array.size() == *elements ? std::optional(std::move(array)) : std::nullopt;
}

}  // namespace trtyolo
