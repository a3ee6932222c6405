// From a network's outputs to results, for every task.
#pragma once

#include <cstddef>
#include <span>

#include "image/geometry.hpp"
#include "model/description.hpp"
#include "model/postprocess_options.hpp"
#include "model/tensor.hpp"
#include "trtyolo/results.hpp"

namespace trtyolo {

// Immutable: any number of threads may decode with one head.
class Head {
 public:
  // Throws ModelError if the model's outputs are not understood, with what they are and which layouts are.
  explicit Head(const ModelDescription& description);

  // Decodes image `slot` of the batch in `outputs`, which are in the order of the description's outputs. `letterbox`
  // says where that image lies in the network's input.
  // Throws InferenceError if a tensor has not the shape that the description promised.
  Result decode(std::span<const TensorView> outputs, std::size_t slot, const Letterbox& letterbox,
                const PostprocessOptions& options) const;

 private:
  Task task_;
  OutputLayout layout_;
  std::size_t keypoints_, keypointDims_;
};

// Leaves out the objects of a detector whose boxes have no pixel of the image.
void dropEmptyBoxes(Result& result);

}  // namespace trtyolo
