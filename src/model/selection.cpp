#include "model/selection.hpp"

#include <cstdint>

#include "model/object_values.hpp"

namespace trtyolo {
namespace {

Box boxOf(const ValueTable& boxes, std::size_t anchor, bool corners) {
  return cornersOf(boxes(0, anchor), boxes(1, anchor), boxes(2, anchor), boxes(3, anchor), corners);
}

RotatedCandidate rotatedOf(const ValueTable& boxes, float theta, std::size_t anchor) {
  RotatedCandidate candidate;
  candidate.x = boxes(0, anchor);
  candidate.y = boxes(1, anchor);
  candidate.width = boxes(2, anchor);
  candidate.height = boxes(3, anchor);
  candidate.theta = theta;
  return candidate;
}

// Calls `found` with object, class and score for each finished object that is wanted, in the network's order.
template <typename Found>
void scanFinished(const FinishedTable& table, int classes, const Thresholds& thresholds, const Found& found) {
  int left = thresholds.maxDetections;
  for (std::size_t object = 0; object < table.objects && left > 0; ++object) {
    const float score = table.values(4, object), number = table.values(5, object);
    if (isObject(score, number, classes, thresholds.confidence)) {
      const int classIndex = static_cast<int>(number);
      if (thresholds.wants(classIndex)) {
        found(static_cast<std::uint32_t>(object), classIndex, score);
        --left;
      }
    }
  }
}

}  // namespace

Selection<Candidate> select(const OutputLayout& layout, std::span<const TensorView> outputs, std::size_t slot,
                            const Thresholds& thresholds) {
  std::vector<Candidate> candidates;
  if (layout.kind == OutputLayout::Kind::FinishedBoxes) {
    const FinishedTable table = finishedTable(layout, outputs, slot);
    scanFinished(table, layout.classes, thresholds, [&](std::uint32_t object, int classIndex, float score) {
      candidates.push_back({boxOf(table.values, object, true), score, classIndex, object});
    });
    return {std::move(candidates), table.values.from(6)};
  }
  const CandidateTables tables = candidateTables(layout, outputs, slot);
  scanCandidates(tables, thresholds, [&](std::uint32_t anchor, int classIndex, float score) {
    candidates.push_back({boxOf(tables.boxes, anchor, layout.corners), score, classIndex, anchor});
  });
  return {suppress(std::move(candidates), thresholds.iou, thresholds.agnostic, thresholds.maxDetections), tables.extra};
}

Selection<RotatedCandidate> selectRotated(const OutputLayout& layout, std::span<const TensorView> outputs,
                                          std::size_t slot, const Thresholds& thresholds) {
  std::vector<RotatedCandidate> candidates;
  const std::size_t angle = static_cast<std::size_t>(layout.extra) - 1;
  const auto add = [&](const ValueTable& boxes, const ValueTable& extra, std::uint32_t anchor, int classIndex,
                       float score) {
    RotatedCandidate candidate = rotatedOf(boxes, extra(angle, anchor), anchor);
    candidate.score = score;
    candidate.classIndex = classIndex;
    candidate.anchor = anchor;
    candidates.push_back(candidate);
  };
  if (layout.kind == OutputLayout::Kind::FinishedBoxes) {
    const FinishedTable table = finishedTable(layout, outputs, slot);
    const ValueTable extra = table.values.from(6);
    scanFinished(table, layout.classes, thresholds, [&](std::uint32_t object, int classIndex, float score) {
      add(table.values, extra, object, classIndex, score);
    });
    return {std::move(candidates), extra};
  }
  const CandidateTables tables = candidateTables(layout, outputs, slot);
  scanCandidates(tables, thresholds, [&](std::uint32_t anchor, int classIndex, float score) {
    add(tables.boxes, tables.extra, anchor, classIndex, score);
  });
  return {suppressRotated(std::move(candidates), thresholds.iou, thresholds.agnostic, thresholds.maxDetections),
          tables.extra};
}

}  // namespace trtyolo
