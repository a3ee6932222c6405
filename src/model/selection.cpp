#include "model/selection.hpp"

#include <algorithm>
#include <cstdint>

#include "model/object_values.hpp"
#include "model/raw_candidates.hpp"

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

// The grid of an anchor.
const RawGrid& gridOf(const std::vector<RawGrid>& grids, std::uint32_t anchor) {
  return *(std::upper_bound(grids.begin(), grids.end(), anchor,
                            [](std::uint32_t number, const RawGrid& grid) { return number < grid.first; }) -
           1);
}

// Of a network that was cut behind its last convolutions; `candidateAt` takes the grid and the cell too. Extra values
// are made for the objects that stay, and an object's "anchor" becomes its place among these.
template <typename Object, typename CandidateAt, typename Suppress>
Selection<Object> selectRaw(const SelectionInput& input, const PostprocessOptions& options,
                            const CandidateAt& candidateAt, const Suppress& suppressed) {
  const OutputLayout& layout = input.layout;
  const RawHead& head = *layout.raw;
  const std::vector<RawGrid> grids = rawGrids(layout, input.outputs, input.slot);
  // An end-to-end network gives its best objects of all classes, whichever are wanted.
  PostprocessOptions scanned = options;
  if (head.mostObjects > 0) {
    scanned.classes.clear();
    scanned.maxDetections = head.mostObjects;
  }
  Selection<Object> selection;
  for (const RawGrid& grid : grids) {
    scanCandidates(grid.tables, scanned, [&](std::uint32_t cell, int classIndex, float score) {
      selection.objects.push_back(candidateAt(grid, cell, classIndex, score));
    });
  }
  const float iou = layout.suppressed ? kNoSuppression : options.iou;
  selection.objects = suppressed(std::move(selection.objects), iou, options.agnostic, scanned.maxDetections);
  if (head.mostObjects > 0) {
    std::erase_if(selection.objects, [&](const Object& object) { return !options.wants(object.classIndex); });
    if (selection.objects.size() > static_cast<std::size_t>(options.maxDetections)) {
      selection.objects.resize(static_cast<std::size_t>(options.maxDetections));
    }
  }
  const auto extra = static_cast<std::size_t>(layout.extra);
  selection.own.reserve(selection.objects.size() * extra);
  for (Object& object : selection.objects) {
    const RawGrid& grid = gridOf(grids, object.anchor);
    const std::size_t cell = object.anchor - grid.first;
    object.anchor = static_cast<std::uint32_t>(&object - selection.objects.data());
    for (std::size_t i = 0; i < extra; ++i) {
      selection.own.push_back(rawExtraOf(head.form, grid, cell, i, input.task, input.keypointDims));
    }
  }
  selection.extra = {selection.own.data(), 1, extra};
  return selection;
}

}  // namespace

Selection<Candidate> select(const SelectionInput& input, const BackTransform& toSource,
                            const PostprocessOptions& options) {
  const OutputLayout& layout = input.layout;
  if (layout.raw) {
    const RawForm& form = layout.raw->form;
    const auto candidateOf = [&](const RawGrid& grid, std::uint32_t cell, int classIndex, float score) {
      const Box box = rawBoxOf(form, grid.cellAt(cell), grid.boxAt(cell));
      return Candidate{layout.clipped ? toSource.within(box) : box, score, classIndex,
                       static_cast<std::uint32_t>(grid.first + cell)};
    };
    return selectRaw<Candidate>(input, options, candidateOf, suppress);
  }
  const OutputTables tables = outputTables(layout, input.outputs, input.slot);
  const ValueTable& boxes = tables.boxes;
  const auto candidateAt = [&](std::uint32_t anchor, int classIndex, float score) {
    const Box box =
        cornersOf(layout.form, anchor, boxes(0, anchor), boxes(1, anchor), boxes(2, anchor), boxes(3, anchor));
    return Candidate{layout.clipped ? toSource.within(box) : box, score, classIndex, anchor};
  };
  return selectObjects<Candidate>(layout, tables, options, candidateAt, suppress);
}

Selection<RotatedCandidate> selectRotated(const SelectionInput& input, const PostprocessOptions& options) {
  const OutputLayout& layout = input.layout;
  if (layout.raw) {
    const RawForm& form = layout.raw->form;
    const auto candidateOf = [&](const RawGrid& grid, std::uint32_t cell, int classIndex, float score) {
      const float theta = rawAngleOf(form, grid.tables.extra(static_cast<std::size_t>(layout.extra) - 1, cell));
      const CenterSize box = rawRotatedBoxOf(form, grid.cellAt(cell), theta, grid.boxAt(cell));
      return RotatedCandidate{box.x, box.y, box.width,  box.height,
                              theta, score, classIndex, static_cast<std::uint32_t>(grid.first + cell)};
    };
    return selectRaw<RotatedCandidate>(input, options, candidateOf, suppressRotated);
  }
  const OutputTables tables = outputTables(layout, input.outputs, input.slot);
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
