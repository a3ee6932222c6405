// Classifiers' outputs: [batch, classes], or the best classes only.
#pragma once

#include "model/head.hpp"

namespace trtyolo {

class ClassifyHead final : public Head {
 public:
  explicit ClassifyHead(const OutputLayout& layout) : layout_(layout) {}

  Prediction decode(std::span<const TensorView> outputs, std::size_t slot, const Letterbox& letterbox,
                    const Thresholds& thresholds) const override;

 private:
  OutputLayout layout_;
};

}  // namespace trtyolo
