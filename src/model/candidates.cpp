#include "model/candidates.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace trtyolo {
namespace {

// Anchors whose best scores stay in the first-level cache; runs long enough for prefetching.
constexpr std::size_t kBlock = 2048;

// An output of rank 3 with `values` along its second or last dimension, as a table of one image.
ValueTable tableOf(const TensorView& tensor, bool anchorsFirst, int values, std::size_t slot, std::size_t& anchors) {
  const bool fits = tensor.shape.size() == 3 && tensor.shape[anchorsFirst ? 2 : 1] == values &&
                    tensor.shape[anchorsFirst ? 1 : 2] >= 0 && slot < static_cast<std::size_t>(tensor.shape[0]);
  if (!fits) {
    throw InferenceError("the network's output was expected to be " +
                         (anchorsFirst ? "[batch, anchors, " + std::to_string(values) + "]"
                                       : "[batch, " + std::to_string(values) + ", anchors]") +
                         ", found " + toText(tensor.shape));
  }
  anchors = static_cast<std::size_t>(tensor.shape[anchorsFirst ? 1 : 2]);
  return anchorsFirst ? ValueTable{tensor.slot(slot), 1, static_cast<std::size_t>(values)}
                      : ValueTable{tensor.slot(slot), anchors, 1};
}

// Scores that lie anchor after anchor in each class: whole stretches of anchors at a time.
void scanPlanes(const CandidateTables& tables, const Thresholds& thresholds, const FoundCandidate& found) {
  const float* scores = tables.scores.data;
  const std::size_t classStep = tables.scores.valueStep;
  std::array<float, kBlock> best;
  for (std::size_t begin = 0; begin < tables.anchors; begin += kBlock) {
    const std::size_t count = std::min(kBlock, tables.anchors - begin);
    std::copy_n(scores + begin, count, best.begin());
    for (int c = 1; c < tables.classes; ++c) {
      const float* row = scores + static_cast<std::size_t>(c) * classStep + begin;
      for (std::size_t i = 0; i < count; ++i) {
        best[i] = row[i] > best[i] ? row[i] : best[i];
      }
    }
    for (std::size_t i = 0; i < count; ++i) {
      if (best[i] > thresholds.confidence) {
        const std::size_t anchor = begin + i;
        int classIndex = 0;
        while (tables.scores(static_cast<std::size_t>(classIndex), anchor) != best[i]) {
          ++classIndex;
        }
        if (thresholds.wants(classIndex)) {
          found(static_cast<std::uint32_t>(anchor), classIndex, best[i]);
        }
      }
    }
  }
}

// Scores in any other order: anchor after anchor.
void scanAnchors(const CandidateTables& tables, const Thresholds& thresholds, const FoundCandidate& found) {
  for (std::size_t anchor = 0; anchor < tables.anchors; ++anchor) {
    float factor = 1.0F;
    if (tables.objectness.data) {
      factor = tables.objectness(0, anchor);
      if (!(factor > thresholds.confidence)) {
        continue;
      }
    }
    if (tables.multiLabel) {
      for (int c = 0; c < tables.classes; ++c) {
        const float score = tables.scores(static_cast<std::size_t>(c), anchor) * factor;
        if (score > thresholds.confidence && thresholds.wants(c)) {
          found(static_cast<std::uint32_t>(anchor), c, score);
        }
      }
      continue;
    }
    int bestClass = 0;
    float best = tables.scores(0, anchor) * factor;
    for (int c = 1; c < tables.classes; ++c) {
      const float score = tables.scores(static_cast<std::size_t>(c), anchor) * factor;
      if (score > best) {
        best = score;
        bestClass = c;
      }
    }
    if (best > thresholds.confidence && thresholds.wants(bestClass)) {
      found(static_cast<std::uint32_t>(anchor), bestClass, best);
    }
  }
}

}  // namespace

CandidateTables candidateTables(const OutputLayout& layout, std::span<const TensorView> outputs, std::size_t slot) {
  CandidateTables tables;
  tables.classes = layout.classes;
  tables.multiLabel = layout.multiLabel;
  tables.boxes = tableOf(outputs[layout.boxes], layout.anchorsFirst, layout.values(), slot, tables.anchors);
  ValueTable behind = tables.boxes.from(4);
  if (layout.objectness) {
    tables.objectness = behind;
    behind = behind.from(1);
  }
  if (layout.scores == OutputLayout::kNone) {
    tables.scores = behind;
    behind = behind.from(static_cast<std::size_t>(layout.classes));
  } else {
    std::size_t scored = 0;
    tables.scores = tableOf(outputs[layout.scores], layout.anchorsFirst, layout.classes, slot, scored);
    if (scored != tables.anchors) {
      throw InferenceError("the network gave " + std::to_string(tables.anchors) + " boxes and scores for " +
                           std::to_string(scored));
    }
  }
  tables.extra = behind;
  return tables;
}

FinishedTable finishedTable(const OutputLayout& layout, std::span<const TensorView> outputs, std::size_t slot) {
  FinishedTable table;
  table.values = tableOf(outputs[layout.boxes], true, layout.values(), slot, table.objects);
  return table;
}

void scanCandidates(const CandidateTables& tables, const Thresholds& thresholds, const FoundCandidate& found) {
  if (!tables.objectness.data && !tables.multiLabel && tables.scores.anchorStep == 1) {
    scanPlanes(tables, thresholds, found);
  } else {
    scanAnchors(tables, thresholds, found);
  }
}

}  // namespace trtyolo
