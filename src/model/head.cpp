#include "model/head.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "model/back_transform.hpp"
#include "model/candidates.hpp"
#include "model/kept_objects.hpp"
#include "model/mask_maker.hpp"
#include "model/pixel_maps.hpp"
#include "model/selection.hpp"

namespace trtyolo {
namespace {

// The softmax of all logits, for some of them.
void toProbabilities(std::span<const float> logits, std::vector<float>& some) {
  const float most = *std::max_element(logits.begin(), logits.end());
  const float sum = std::accumulate(logits.begin(), logits.end(), 0.0F,
                                    [most](float before, float logit) { return before + std::exp(logit - most); });
  for (float& value : some) {
    value = std::exp(value - most) / sum;
  }
}

// Of a classifier: [batch, classes], or the best classes only.
Result classesOf(const OutputLayout& layout, std::span<const TensorView> outputs, std::size_t slot,
                 const PostprocessOptions& options) {
  Result result;
  if (layout.kind == OutputLayout::Kind::BestClasses) {
    scanFinished(outputTables(layout, outputs, slot), options.ofClassifier(),
                 [&](std::uint32_t, int classIndex, float score) {
                   result.classes.push_back(classIndex);
                   result.scores.push_back(score);
                 });
    return result;
  }
  const TensorView& output = outputs[0];
  if (output.shape.size() != 2 || output.shape[1] != layout.classes ||
      slot >= static_cast<std::size_t>(output.shape[0])) {
    throw InferenceError("the network's output was expected to be [batch, " + std::to_string(layout.classes) +
                         "], found " + toText(output.shape));
  }
  const float* scores = output.slot(slot);
  // A NaN is below every number, so that the order is one.
  const auto before = [scores](int a, int b) {
    const float x = scores[a], y = scores[b];
    if (x > y || y > x) {
      return x > y;
    }
    const bool xIsNumber = x == x, yIsNumber = y == y;
    return xIsNumber != yIsNumber ? xIsNumber : a < b;
  };
  std::vector<int>& classes = result.classes;
  classes.resize(static_cast<std::size_t>(layout.classes));
  std::iota(classes.begin(), classes.end(), 0);
  const std::size_t most = std::min(classes.size(), static_cast<std::size_t>(options.topK));
  std::partial_sort(classes.begin(), classes.begin() + static_cast<std::ptrdiff_t>(most), classes.end(), before);
  classes.resize(most);
  for (const int index : classes) {
    result.scores.push_back(scores[index]);
  }
  if (layout.logits) {
    toProbabilities({scores, static_cast<std::size_t>(layout.classes)}, result.scores);
  }
  return result;
}

// Boxes are centre and size in every layout; the extra value is the angle in radians.
Result rotatedObjects(const SelectionInput& input, const Letterbox& letterbox, const PostprocessOptions& options) {
  const auto selection = selectRotated(input, options);
  const BackTransform toSource(letterbox);
  Result result;
  for (const RotatedCandidate& candidate : selection.objects) {
    result.classes.push_back(candidate.classIndex);
    result.scores.push_back(candidate.score);
    result.rotatedBoxes.push_back(
        toSource.rotated(candidate.x, candidate.y, candidate.width, candidate.height, candidate.theta));
  }
  return result;
}

Prototypes prototypesOf(const OutputLayout& layout, const TensorView& tensor, std::size_t slot) {
  constexpr std::int64_t kMostCells = 16384;
  const std::vector<std::int64_t>& shape = tensor.shape;
  const bool fits = shape.size() == 4 && slot < static_cast<std::size_t>(shape[0]) &&
                    (layout.instanceMasks || shape[1] == layout.extra) && shape[2] > 0 && shape[2] <= kMostCells &&
                    shape[3] > 0 && shape[3] <= kMostCells;
  if (!fits) {
    throw InferenceError("the network's " +
                         (layout.instanceMasks
                              ? std::string("masks were expected to be [batch, objects")
                              : "mask prototypes were expected to be [batch, " + std::to_string(layout.extra)) +
                         ", height, width], found " + toText(shape));
  }
  return {tensor.slot(slot),
          static_cast<std::size_t>(shape[1]),
          static_cast<std::size_t>(shape[2]),
          static_cast<std::size_t>(shape[3]),
          layout.instanceMasks,
          layout.masksInBoxes};
}

}  // namespace

void dropEmptyBoxes(Result& result) {
  keepObjects(result, [&](std::size_t i) {
    const Box& box = result.boxes[i];
    return box.right > box.left && box.bottom > box.top;
  });
}

Head::Head(const ModelDescription& description)
    : task_(description.info.task),
      layout_(description.layout),
      keypoints_(static_cast<std::size_t>(description.info.keypoints)),
      keypointDims_(static_cast<std::size_t>(description.info.keypointDims)) {
  if (!description.refusal.empty()) {
    throw ModelError("'" + description.info.file + "': it cannot be run\n  " + description.refusal);
  }
}

Result Head::decode(std::span<const TensorView> outputs, std::size_t slot, const Letterbox& letterbox,
                    const PostprocessOptions& options) const {
  if (task_ == Task::Classify) {
    return classesOf(layout_, outputs, slot, options);
  }
  if (layout_.pixelMaps()) {
    return decodePixels(layout_, outputs, slot, letterbox, options);
  }
  if (task_ == Task::OBB) {
    return rotatedObjects({layout_, outputs, slot, task_, 0}, letterbox, options);
  }
  const BackTransform toSource(letterbox);
  const auto selection = select({layout_, outputs, slot, task_, keypointDims_}, toSource, options);
  Result result;
  // Of segmenters. The extra values are the coefficients of the prototypes, unless objects have masks of their own.
  std::optional<MaskMaker> maker;
  if (task_ == Task::Segment) {
    maker.emplace(prototypesOf(layout_, outputs[layout_.prototypes], slot), letterbox, options.retinaMasks);
    result.masks = Masks(maker->width(), maker->height());
  }
  result.classes.reserve(selection.objects.size());
  result.scores.reserve(selection.objects.size());
  result.boxes.reserve(selection.objects.size());
  for (const Candidate& candidate : selection.objects) {
    const Box box = toSource.box(candidate.box);
    const Box& within = options.retinaMasks ? box : candidate.box;
    const Box whole = options.retinaMasks ? toSource.whole(candidate.box) : candidate.box;
    if (maker && !maker->add(selection.extra, candidate.anchor, within, whole, result.masks)) {
      continue;  // an object whose mask has no pixel is left out
    }
    result.classes.push_back(candidate.classIndex);
    result.scores.push_back(candidate.score);
    result.boxes.push_back(box);
    if (task_ == Task::Pose) {
      std::vector<KeyPoint>& points = result.keypoints.emplace_back();
      points.reserve(keypoints_);
      for (std::size_t k = 0; k < keypoints_; ++k) {
        // x, y and, with three values a point, its confidence.
        const auto value = [&](std::size_t i) { return selection.extra(k * keypointDims_ + i, candidate.anchor); };
        points.push_back(toSource.point({value(0), value(1), keypointDims_ == 3 ? value(2) : 1.0F}));
      }
    }
  }
  return result;
}

}  // namespace trtyolo
