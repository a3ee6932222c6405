// The operators of ONNX that move elements and change none, and how arrays are walked through.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "model/cut/onnx_array.hpp"
#include "model/onnx_graph.hpp"

namespace trtyolo {

// All of these throw NotComputable for what makes no sense.
std::size_t elementsOrThrow(const std::vector<std::int64_t>& shape, std::size_t most);

// The axis that a number means, which counts from the end if it is negative.
std::size_t axisIn(const std::vector<std::int64_t>& shape, std::int64_t axis);

// Two arrays side by side, each side as long as the longer one: where the elements of each row of the result come from.
struct Broadcast {
  Broadcast(const std::vector<std::int64_t>& a, const std::vector<std::int64_t>& b, std::size_t most);

  // Calls `take` with the first element of each row, in the result and in both arrays.
  template <typename Take>
  void forEachRow(const Take& take) const {
    const std::size_t rows = rowLength == 0 ? 0 : elements / rowLength;
    for (std::size_t row = 0; row < rows; ++row) {
      std::size_t rest = row, fromA = 0, fromB = 0;
      for (std::size_t i = shape.size() < 2 ? 0 : shape.size() - 1; i-- > 0;) {
        const auto side = static_cast<std::size_t>(shape[i]);
        fromA += rest % side * stepsA[i];
        fromB += rest % side * stepsB[i];
        rest /= side;
      }
      take(row * rowLength, fromA, fromB);
    }
  }

  std::vector<std::int64_t> shape;
  std::size_t elements = 0, rowLength = 0, rowStepA = 0, rowStepB = 0;
  std::vector<std::size_t> stepsA, stepsB;  // of each side; 0 where the array has but one
};

// The lines of an array along an axis: `length` elements that are `step` apart.
struct AxisWalk {
  AxisWalk(const std::vector<std::int64_t>& shape, std::size_t axis);

  std::size_t firstOf(std::size_t line) const { return line / step * step * length + line % step; }
  template <typename Take>
  void forEachLine(const Take& take) const {
    for (std::size_t line = 0; line < lines; ++line) {
      take(firstOf(line));
    }
  }

  std::size_t length = 0, step = 1, lines = 0;
};

// Whether nodes of this type only move elements, or make some of nothing.
bool isMover(std::string_view type);

// The outputs of a node that only moves elements, or makes some of nothing; nothing if it is another one.
std::optional<std::vector<OnnxArray>> reshapeNode(const OnnxNode& node, const std::vector<const OnnxArray*>& inputs,
                                                  std::size_t most);

}  // namespace trtyolo
