#include "model/selection.hpp"

#include <cstdint>

#include "model/object_values.hpp"

namespace trtyolo {
namespace {

// `candidateAt` makes a candidate of the values at an anchor, its class and its score.
template <typename Object, typename CandidateAt, typename Suppress>
Selection<Object> selectObjects(const OutputLayout& layout, const OutputTables& tables,
                                const PostprocessOptions& options, const CandidateAt& candidateAt,
                                const Suppress& suppressed) {
  const bool endToEnd = layout.kind == OutputLayout::Kind::EndToEnd;
  std::vector<Object> objects;
  (endToEnd ? scanFinished : scanCandidates)(tables, options, [&](std::uint32_t anchor, int classIndex, float score) {
    objects.push_back(candidateAt(anchor, classIndex, score));
  });
  if (!endToEnd) {
    const float iou = layout.suppressed ? kNoSuppression : options.iou;
    objects = suppressed(std::move(objects), iou, options.agnostic, options.maxDetections);
  }
  return {std::move(objects), tables.extra};
}

}  // namespace

Selection<Candidate> select(const OutputLayout& layout, std::span<const TensorView> outputs, std::size_t slot,
                            const BackTransform& toSource, const PostprocessOptions& options) {
  const OutputTables tables = outputTables(layout, outputs, slot);
  const ValueTable& boxes = tables.boxes;
  const auto candidateAt = [&](std::uint32_t anchor, int classIndex, float score) {
    const Box box =
        cornersOf(layout.form, anchor, boxes(0, anchor), boxes(1, anchor), boxes(2, anchor), boxes(3, anchor));
    return Candidate{layout.clipped ? toSource.within(box) : box, score, classIndex, anchor};
  };
  return selectObjects<Candidate>(layout, tables, options, candidateAt, suppress);
}

Selection<RotatedCandidate> selectRotated(const OutputLayout& layout, std::span<const TensorView> outputs,
                                          std::size_t slot, const PostprocessOptions& options) {
  const OutputTables tables = outputTables(layout, outputs, slot);
  const ValueTable& boxes = tables.boxes;
  const std::size_t angle = static_cast<std::size_t>(layout.extra) - 1;
  const auto candidateAt = [&](std::uint32_t anchor, int classIndex, float score) {
    const CenterSize box =
        centerSizeOf(layout.form, boxes(0, anchor), boxes(1, anchor), boxes(2, anchor), boxes(3, anchor));
    const float theta = tables.extra(angle, anchor);
    return RotatedCandidate{box.x, box.y, box.width, box.height, theta, score, classIndex, anchor};
  };
  return selectObjects<RotatedCandidate>(layout, tables, options, candidateAt, suppressRotated);
}

}  // namespace trtyolo
