// Arrays as ONNX files hold and compute them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace trtyolo {

// Row-major; real numbers of any width as f32, whole ones and truth values as i64.
struct OnnxArray {
  std::vector<std::int64_t> shape;
  bool real = true;
  std::vector<float> reals;
  std::vector<std::int64_t> wholes;

  std::size_t size() const { return real ? reals.size() : wholes.size(); }
  std::size_t rank() const { return shape.size(); }
};

// The elements of an array with these sides; nothing if a side is negative or they are more than `most`.
std::optional<std::size_t> elementsOf(const std::vector<std::int64_t>& shape, std::size_t most);

// The sides of a TensorProto.
std::vector<std::int64_t> shapeOfTensor(std::string_view tensor);

// A TensorProto with its values. Nothing if they lie in another file, are of another type, are more than `most`, or not
// as many as the sides say.
std::optional<OnnxArray> arrayOfTensor(std::string_view tensor, std::size_t most);

}  // namespace trtyolo
