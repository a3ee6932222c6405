#include "model/object_heads.hpp"

#include "model/back_transform.hpp"
#include "model/selection.hpp"

namespace trtyolo {
namespace {

void reserve(Prediction& prediction, std::size_t objects) {
  prediction.classes.reserve(objects);
  prediction.scores.reserve(objects);
  prediction.boxes.reserve(objects);
}

void add(Prediction& prediction, const Candidate& candidate, const Box& box) {
  prediction.classes.push_back(candidate.classIndex);
  prediction.scores.push_back(candidate.score);
  prediction.boxes.push_back(box);
}

}  // namespace

Prediction DetectHead::decode(std::span<const TensorView> outputs, std::size_t slot, const Letterbox& letterbox,
                              const Thresholds& thresholds) const {
  const auto selection = select(layout_, outputs, slot, thresholds);
  const BackTransform toSource(letterbox);
  Prediction prediction;
  reserve(prediction, selection.objects.size());
  for (const Candidate& candidate : selection.objects) {
    add(prediction, candidate, toSource.box(candidate.box));
  }
  return prediction;
}

Prediction ObbHead::decode(std::span<const TensorView> outputs, std::size_t slot, const Letterbox& letterbox,
                           const Thresholds& thresholds) const {
  const auto selection = selectRotated(layout_, outputs, slot, thresholds);
  const BackTransform toSource(letterbox);
  Prediction prediction;
  for (const RotatedCandidate& candidate : selection.objects) {
    prediction.classes.push_back(candidate.classIndex);
    prediction.scores.push_back(candidate.score);
    prediction.rotated.push_back(
        toSource.rotated(candidate.x, candidate.y, candidate.width, candidate.height, candidate.theta));
  }
  return prediction;
}

Prototypes SegmentHead::prototypesOf(const TensorView& tensor, std::size_t slot) const {
  constexpr std::int64_t kMostCells = 16384;
  const std::vector<std::int64_t>& shape = tensor.shape;
  const bool fits = shape.size() == 4 && slot < static_cast<std::size_t>(shape[0]) &&
                    (layout_.ownMasks || shape[1] == layout_.extra) && shape[2] > 0 && shape[2] <= kMostCells &&
                    shape[3] > 0 && shape[3] <= kMostCells;
  if (!fits) {
    throw InferenceError("the network's " +
                         (layout_.ownMasks
                              ? std::string("masks were expected to be [batch, objects")
                              : "mask prototypes were expected to be [batch, " + std::to_string(layout_.extra)) +
                         ", height, width], found " + toText(shape));
  }
  return {tensor.slot(slot), static_cast<std::size_t>(shape[1]), static_cast<std::size_t>(shape[2]),
          static_cast<std::size_t>(shape[3]), layout_.ownMasks};
}

Prediction SegmentHead::decode(std::span<const TensorView> outputs, std::size_t slot, const Letterbox& letterbox,
                               const Thresholds& thresholds) const {
  const auto selection = select(layout_, outputs, slot, thresholds);
  const Prototypes prototypes = prototypesOf(outputs[layout_.prototypes], slot);
  MaskMaker maker = thresholds.retinaMasks ? MaskMaker::forSource(prototypes, letterbox)
                                           : MaskMaker::forNetwork(prototypes, letterbox);
  const BackTransform toSource(letterbox);
  Prediction prediction;
  prediction.masks = Masks(maker.width(), maker.height());
  reserve(prediction, selection.objects.size());
  for (const Candidate& candidate : selection.objects) {
    const Box box = toSource.box(candidate.box);
    const Box& within = thresholds.retinaMasks ? box : candidate.box;
    if (maker.add(selection.extra, candidate.anchor, within, prediction.masks)) {
      add(prediction, candidate, box);
    }
  }
  return prediction;
}

Prediction PoseHead::decode(std::span<const TensorView> outputs, std::size_t slot, const Letterbox& letterbox,
                            const Thresholds& thresholds) const {
  const auto selection = select(layout_, outputs, slot, thresholds);
  const BackTransform toSource(letterbox);
  Prediction prediction;
  reserve(prediction, selection.objects.size());
  prediction.keypoints.reserve(selection.objects.size());
  for (const Candidate& candidate : selection.objects) {
    add(prediction, candidate, toSource.box(candidate.box));
    std::vector<KeyPoint>& points = prediction.keypoints.emplace_back();
    points.reserve(keypoints_);
    for (std::size_t k = 0; k < keypoints_; ++k) {
      const auto value = [&](std::size_t i) { return selection.extra(k * dims_ + i, candidate.anchor); };
      points.push_back(toSource.point({value(0), value(1), dims_ == 3 ? value(2) : 1.0F}));
    }
  }
  return prediction;
}

}  // namespace trtyolo
