// From a network's outputs to results: one class for each task, made from the model's description.
#pragma once

#include <memory>
#include <span>

#include "image/geometry.hpp"
#include "model/description.hpp"
#include "model/prediction.hpp"
#include "model/tensor.hpp"
#include "model/thresholds.hpp"

namespace trtyolo {

// Immutable: any number of threads may decode with one head.
class Head {
 public:
  virtual ~Head() = default;

  // Decodes image `slot` of the batch in `outputs`, which are in the order of the description's outputs. `letterbox`
  // says where that image lies in the network's input.
  // Throws InferenceError if a tensor has not the shape that the description promised.
  virtual Prediction decode(std::span<const TensorView> outputs, std::size_t slot, const Letterbox& letterbox,
                            const Thresholds& thresholds) const = 0;
};

// Throws ModelError if the model's outputs are not understood, with what they are and which layouts are.
std::unique_ptr<Head> makeHead(const ModelDescription& description);

}  // namespace trtyolo
