// Classifiers' output [batch, classes].
#pragma once

#include "model/head.hpp"

namespace trtyolo {

class ClassifyHead final : public Head {
 public:
  explicit ClassifyHead(int classes) : classes_(classes) {}

  Prediction decode(std::span<const TensorView> outputs, std::size_t slot, const Letterbox& letterbox,
                    const Thresholds& thresholds) const override;

 private:
  int classes_;
};

}  // namespace trtyolo
