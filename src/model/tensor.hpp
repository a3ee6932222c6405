// An output tensor where it lies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace trtyolo {

// Row-major f32, batch first; memory belongs to the context that ran the network.
struct TensorView {
  const float* data = nullptr;
  std::vector<std::int64_t> shape;

  // Elements of one image.
  std::size_t slotSize() const {
    std::size_t size = 1;
    for (std::size_t i = 1; i < shape.size(); ++i) {
      size *= static_cast<std::size_t>(shape[i]);
    }
    return size;
  }
  const float* slot(std::size_t index) const { return data + index * slotSize(); }
};

// "[1, 84, 8400]".
inline std::string toText(const std::vector<std::int64_t>& shape) {
  std::string text;
  for (const auto side : shape) {
    text += (text.empty() ? "" : ", ") + std::to_string(side);
  }
  return "[" + text + "]";
}

}  // namespace trtyolo
