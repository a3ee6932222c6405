#include "model/classify_head.hpp"

#include <algorithm>
#include <numeric>

#include "model/candidates.hpp"

namespace trtyolo {

Prediction ClassifyHead::decode(std::span<const TensorView> outputs, std::size_t slot, const Letterbox&,
                                const Thresholds& thresholds) const {
  Prediction prediction;
  if (layout_.kind == OutputLayout::Kind::BestClasses) {
    scanFinished(finishedTables(layout_, outputs, slot), thresholds.ofClassifier(),
                 [&](std::uint32_t, int classIndex, float score) {
                   prediction.classes.push_back(classIndex);
                   prediction.scores.push_back(score);
                 });
    return prediction;
  }
  const TensorView& output = outputs[0];
  if (output.shape.size() != 2 || output.shape[1] != layout_.classes ||
      slot >= static_cast<std::size_t>(output.shape[0])) {
    throw InferenceError("the network's output was expected to be [batch, " + std::to_string(layout_.classes) +
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
  std::vector<int>& classes = prediction.classes;
  classes.resize(static_cast<std::size_t>(layout_.classes));
  std::iota(classes.begin(), classes.end(), 0);
  const std::size_t most = std::min(classes.size(), static_cast<std::size_t>(thresholds.topK));
  std::partial_sort(classes.begin(), classes.begin() + static_cast<std::ptrdiff_t>(most), classes.end(), before);
  classes.resize(most);
  for (const int index : classes) {
    prediction.scores.push_back(scores[index]);
  }
  return prediction;
}

}  // namespace trtyolo
