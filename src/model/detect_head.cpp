// Detectors' raw output [batch, 4 + classes, anchors]: centre x, centre y, width, height in pixels of the network's
// input, then a score for each class.
#include <algorithm>
#include <array>
#include <string>

#include "model/head.hpp"
#include "model/nms.hpp"

namespace trtyolo {
namespace {

constexpr std::size_t kBlock =
    2048;  // anchors whose best scores stay in the first-level cache; runs long enough for prefetching

// A NaN is not larger than 0, so it ends as 0 too.
float clipped(float value, float most) {
  return value > 0.0F ? std::min(value, most) : 0.0F;
}

// From the network's input back to the source image: Ultralytics' scale_boxes, then its clip_boxes.
class BackTransform {
 public:
  explicit BackTransform(const Letterbox& letterbox)
      : left_(static_cast<float>(letterbox.left)),
        top_(static_cast<float>(letterbox.top)),
        gainX_(static_cast<float>(static_cast<double>(letterbox.scaled.width) / letterbox.source.width)),
        gainY_(static_cast<float>(static_cast<double>(letterbox.scaled.height) / letterbox.source.height)),
        width_(static_cast<float>(letterbox.source.width)),
        height_(static_cast<float>(letterbox.source.height)) {}

  Box operator()(const Box& box) const {
    Box result;
    result.left = clipped((box.left - left_) / gainX_, width_);
    result.top = clipped((box.top - top_) / gainY_, height_);
    result.right = std::max(result.left, clipped((box.right - left_) / gainX_, width_));
    result.bottom = std::max(result.top, clipped((box.bottom - top_) / gainY_, height_));
    return result;
  }

 private:
  float left_, top_, gainX_, gainY_, width_, height_;
};

class DetectHead final : public Head {
 public:
  explicit DetectHead(int classes) : classes_(classes) {}

  Prediction decode(std::span<const TensorView> outputs, std::size_t slot, const Letterbox& letterbox,
                    const Thresholds& thresholds) const override {
    const TensorView& output = outputs[0];
    if (output.shape.size() != 3 || output.shape[1] != 4 + classes_ || output.shape[2] < 0 ||
        slot >= static_cast<std::size_t>(output.shape[0])) {
      std::string found;
      for (const auto side : output.shape) {
        found += (found.empty() ? "" : ", ") + std::to_string(side);
      }
      throw InferenceError("the network's output was expected to be [batch, " + std::to_string(4 + classes_) +
                           ", anchors], found [" + found + "]");
    }
    const auto kept = suppress(candidates(output.slot(slot), static_cast<std::size_t>(output.shape[2]), thresholds),
                               thresholds.iou, thresholds.agnostic, thresholds.maxDetections);
    const BackTransform toSource(letterbox);
    Prediction prediction;
    prediction.classes.reserve(kept.size());
    prediction.scores.reserve(kept.size());
    prediction.boxes.reserve(kept.size());
    for (const Candidate& candidate : kept) {
      prediction.classes.push_back(candidate.classIndex);
      prediction.scores.push_back(candidate.score);
      prediction.boxes.push_back(toSource(candidate.box));
    }
    return prediction;
  }

 private:
  // Anchors whose best class scores above the threshold and is wanted; of equal scores the first class is the best.
  std::vector<Candidate> candidates(const float* output, std::size_t anchors, const Thresholds& thresholds) const {
    std::vector<Candidate> found;
    const float* scores = output + 4 * anchors;
    std::array<float, kBlock> best;
    for (std::size_t begin = 0; begin < anchors; begin += kBlock) {
      const std::size_t count = std::min(kBlock, anchors - begin);
      std::copy_n(scores + begin, count, best.begin());
      for (int c = 1; c < classes_; ++c) {
        const float* row = scores + static_cast<std::size_t>(c) * anchors + begin;
        for (std::size_t i = 0; i < count; ++i) {
          best[i] = row[i] > best[i] ? row[i] : best[i];
        }
      }
      for (std::size_t i = 0; i < count; ++i) {
        if (best[i] > thresholds.confidence) {
          const std::size_t anchor = begin + i;
          int classIndex = 0;
          while (scores[static_cast<std::size_t>(classIndex) * anchors + anchor] != best[i]) {
            ++classIndex;
          }
          if (thresholds.wants(classIndex)) {
            found.push_back({box(output + anchor, anchors), best[i], classIndex, static_cast<std::uint32_t>(anchor)});
          }
        }
      }
    }
    return found;
  }

  static Box box(const float* column, std::size_t anchors) {
    const float x = column[0], y = column[anchors];
    const float halfWidth = column[2 * anchors] / 2.0F, halfHeight = column[3 * anchors] / 2.0F;
    return {x - halfWidth, y - halfHeight, x + halfWidth, y + halfHeight};
  }

  int classes_;
};

}  // namespace

std::unique_ptr<Head> makeHead(const ModelDescription& description) {
  if (!description.refusal.empty()) {
    throw ModelError("'" + description.info.file + "': the outputs are not understood: " + description.refusal);
  }
  return std::make_unique<DetectHead>(description.classes);
}

}  // namespace trtyolo
