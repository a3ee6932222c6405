// What the kernels of the heads hand to each other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace trtyolo::cuda {

// Of the network's outputs. Whole numbers are understood where they count objects or name classes.
enum class ValueType : std::uint8_t { F32, F16, I32, I64, U8 };

constexpr std::size_t bytesOf(ValueType type) {
  return type == ValueType::U8 ? 1 : type == ValueType::F16 ? 2 : type == ValueType::I64 ? 8 : 4;
}

// An output of the network in device memory.
struct DeviceTensor {
  const void* data = nullptr;
  ValueType type = ValueType::F32;
  std::vector<std::int64_t> shape;
  // Of [batch, channels, rows, columns] whose channels lie side by side: elements from one cell to the next. 0: what
  // the last axis counts lies side by side.
  std::size_t cellStep = 0;

  bool operator==(const DeviceTensor&) const = default;
};

// An object that the suppression kept, in pixels of the network's input.
struct KeptObject {
  float left = 0, top = 0, right = 0, bottom = 0;  // of a rotated one: centre x, centre y, width, height
  float theta = 0;
  float score = 0;
  int classIndex = 0;
  std::uint32_t anchor = 0;  // where its extra values are
};

}  // namespace trtyolo::cuda
