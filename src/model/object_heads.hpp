// The heads of the tasks that find objects. They differ in what becomes of an object once it is selected; how it lies
// in the outputs, and whether anything is left to be suppressed, is the layout's business.
#pragma once

#include "model/candidates.hpp"
#include "model/head.hpp"
#include "model/mask_maker.hpp"
#include "model/output_layout.hpp"

namespace trtyolo {

class DetectHead final : public Head {
 public:
  explicit DetectHead(const OutputLayout& layout) : layout_(layout) {}
  Prediction decode(std::span<const TensorView> outputs, std::size_t slot, const Letterbox& letterbox,
                    const Thresholds& thresholds) const override;

 private:
  OutputLayout layout_;
};

// Boxes are centre and size in every layout; the extra value is the angle in radians.
class ObbHead final : public Head {
 public:
  explicit ObbHead(const OutputLayout& layout) : layout_(layout) {}
  Prediction decode(std::span<const TensorView> outputs, std::size_t slot, const Letterbox& letterbox,
                    const Thresholds& thresholds) const override;

 private:
  OutputLayout layout_;
};

// The extra values are the coefficients of the mask prototypes, unless objects have masks of their own. Objects whose
// mask has no pixel are left out.
class SegmentHead final : public Head {
 public:
  explicit SegmentHead(const OutputLayout& layout) : layout_(layout) {}
  Prediction decode(std::span<const TensorView> outputs, std::size_t slot, const Letterbox& letterbox,
                    const Thresholds& thresholds) const override;

 private:
  Prototypes prototypesOf(const TensorView& tensor, std::size_t slot) const;

  OutputLayout layout_;
};

// The extra values are x, y and, with three values a point, the confidence of each keypoint.
class PoseHead final : public Head {
 public:
  PoseHead(const OutputLayout& layout, int keypoints, int dims)
      : layout_(layout), keypoints_(static_cast<std::size_t>(keypoints)), dims_(static_cast<std::size_t>(dims)) {}
  Prediction decode(std::span<const TensorView> outputs, std::size_t slot, const Letterbox& letterbox,
                    const Thresholds& thresholds) const override;

 private:
  OutputLayout layout_;
  std::size_t keypoints_, dims_;
};

}  // namespace trtyolo
