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

}  // namespace

Selection<Candidate> select(const OutputLayout& layout, std::span<const TensorView> outputs, std::size_t slot,
                            const Thresholds& thresholds) {
  std::vector<Candidate> candidates;
  if (layout.kind == OutputLayout::Kind::FinishedBoxes) {
    const FinishedTables tables = finishedTables(layout, outputs, slot);
    scanFinished(tables, thresholds, [&](std::uint32_t object, int classIndex, float score) {
      candidates.push_back({boxOf(tables.boxes, object, true), score, classIndex, object});
    });
    return {std::move(candidates), tables.extra};
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
    const FinishedTables tables = finishedTables(layout, outputs, slot);
    scanFinished(tables, thresholds, [&](std::uint32_t object, int classIndex, float score) {
      add(tables.boxes, tables.extra, object, classIndex, score);
    });
    return {std::move(candidates), tables.extra};
  }
  const CandidateTables tables = candidateTables(layout, outputs, slot);
  scanCandidates(tables, thresholds, [&](std::uint32_t anchor, int classIndex, float score) {
    add(tables.boxes, tables.extra, anchor, classIndex, score);
  });
  return {suppressRotated(std::move(candidates), thresholds.iou, thresholds.agnostic, thresholds.maxDetections),
          tables.extra};
}

}  // namespace trtyolo
