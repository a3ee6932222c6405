// What networks say of each pixel: semantic segmentation and depth, scaled to the image as Ultralytics does it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "image/geometry.hpp"
#include "model/output_layout.hpp"
#include "model/postprocess_options.hpp"
#include "model/tensor.hpp"
#include "trtyolo/results.hpp"

namespace trtyolo {

// Where the image lies in the network's output once that has the size of the network's input, and how it gets that.
struct PixelGeometry {
  Size cells;     // of the output
  Letterbox box;  // the input, and the part of it that is scaled to the image

  // `shape` is that of the output, `letterbox` says how the image was put into the input. Throws InferenceError if the
  // output is not what the layout promised.
  static PixelGeometry of(const OutputLayout& layout, const std::vector<std::int64_t>& shape, std::size_t slot,
                          const Letterbox& letterbox);
};

// A result without its pixels.
Result emptyPixels(const OutputLayout& layout, Size image);

// Of pixels that have their class or depth: leaves out the classes that are not wanted, and fills what follows from
// them, `classes`, `scores` and `pixels`.
void finishPixels(const OutputLayout& layout, const PostprocessOptions& options, Result& result);

// All of it on the CPU, from outputs in f32. Throws InferenceError.
Result decodePixels(const OutputLayout& layout, std::span<const TensorView> outputs, std::size_t slot,
                    const Letterbox& letterbox, const PostprocessOptions& options);

}  // namespace trtyolo
