// The candidates in a network's outputs, whatever way they lie.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "model/output_layout.hpp"
#include "model/tensor.hpp"
#include "model/thresholds.hpp"

namespace trtyolo {

// Where a table of values for each of many anchors lies in a tensor: value v of anchor a of image i is element
// first + i * slotStep + v * valueStep + a * anchorStep.
struct TablePlace {
  std::size_t first = 0, slotStep = 0, valueStep = 0, anchorStep = 0;

  // The table without its first values.
  TablePlace from(std::size_t value) const { return {first + value * valueStep, slotStep, valueStep, anchorStep}; }
};

// Where the candidates' values lie: scores in the layout's tensor `scores` if it has one, everything else in `boxes`.
struct CandidatePlaces {
  std::size_t anchors = 0;
  TablePlace boxes;  // four values, as the layout says
  std::optional<TablePlace> objectness;
  TablePlace scores;
  TablePlace extra;
};

// `scores` is the shape of that tensor, null if the layout has none. Throws InferenceError if the tensors have not the
// shapes that the layout promised, or less than `images` images.
using Shape = std::vector<std::int64_t>;
CandidatePlaces candidatePlaces(const OutputLayout& layout, const Shape& boxes, const Shape* scores,
                                std::size_t images);

// The same for finished boxes and best classes: the "anchors" are objects. The tables lie in the layout's tensors
// `boxes`, `scores`, `classNumbers` and `keypoints` where it has them, and else in `boxes`; the count, one value of one
// anchor, in `counts`. A table without steps does not exist.
struct FinishedPlaces {
  std::size_t objects = 0;  // that there is room for
  TablePlace boxes, scores, classNumbers, extra;
  std::optional<TablePlace> counts;
};
// `shapeOf` gives the shape of an output. Errors as above, and masks of other objects.
using ShapeOf = std::function<const Shape&(std::size_t output)>;
FinishedPlaces finishedPlaces(const OutputLayout& layout, const ShapeOf& shapeOf, std::size_t images);

// A table of values in memory. Value v of anchor a is at data[v * valueStep + a * anchorStep].
struct ValueTable {
  const float* data = nullptr;
  std::size_t valueStep = 0, anchorStep = 0;

  float operator()(std::size_t value, std::size_t anchor) const {
    return data[value * valueStep + anchor * anchorStep];
  }
  // The table without its first values. An empty tensor may have no memory at all.
  ValueTable from(std::size_t value) const {
    return {data ? data + value * valueStep : nullptr, valueStep, anchorStep};
  }
};

// One image's candidates where they lie.
struct CandidateTables {
  std::size_t anchors = 0;
  int classes = 0;
  bool multiLabel = false;
  ValueTable boxes;       // four values, as the layout says
  ValueTable objectness;  // one value; data is null if the layout has none
  ValueTable scores;
  ValueTable extra;
};

// Throws InferenceError if the tensors have not the shapes that the layout promised.
CandidateTables candidateTables(const OutputLayout& layout, std::span<const TensorView> outputs, std::size_t slot);

// The same for finished boxes and best classes: the tables' "anchors" are objects.
struct FinishedTables {
  std::size_t objects = 0;  // that there are
  int classes = 0;          // 0: not known
  ValueTable boxes, scores, classNumbers, extra;
};
FinishedTables finishedTables(const OutputLayout& layout, std::span<const TensorView> outputs, std::size_t slot);

// Calls `found` with anchor, class and score for every anchor whose best class scores above the threshold and is
// wanted, by rising anchor; of equal scores the first class is the best. With several labels: for every class that
// does. With an objectness, that must be above the threshold too, and scores are multiplied by it.
using FoundCandidate = std::function<void(std::uint32_t anchor, int classIndex, float score)>;
void scanCandidates(const CandidateTables& tables, const Thresholds& thresholds, const FoundCandidate& found);

// Calls `found` with object, class and score for each of the first maxDetections finished objects that score above the
// threshold and are wanted, in the network's order.
void scanFinished(const FinishedTables& tables, const Thresholds& thresholds, const FoundCandidate& found);

}  // namespace trtyolo
