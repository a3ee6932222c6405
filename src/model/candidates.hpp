// The candidates and objects in a network's outputs, whatever their layout.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "model/output_layout.hpp"
#include "model/postprocess_options.hpp"
#include "model/tensor.hpp"

namespace trtyolo {

// Where a table of values for each of many anchors lies in a tensor: value v of anchor a of image i is element
// first + i * slotStep + v * valueStep + a * anchorStep.
struct TablePlace {
  std::size_t first = 0, slotStep = 0, valueStep = 0, anchorStep = 0;

  // The table without its first values.
  TablePlace from(std::size_t value) const { return {first + value * valueStep, slotStep, valueStep, anchorStep}; }
};

// Where the values lie: each table in the layout's tensor of that name if it has one, everything else in `boxes`. Of
// end-to-end networks and best classes, the "anchors" are objects.
struct OutputPlaces {
  std::size_t anchors = 0;  // for objects: the most that there can be
  TablePlace boxes;         // four values, as the layout says
  std::optional<TablePlace> objectness;
  TablePlace scores;
  TablePlace classNumbers;           // of objects
  TablePlace extra;                  // in the tensor `extras` if there is one
  std::optional<TablePlace> counts;  // one value of one anchor
  std::optional<TablePlace> images;  // of a list: the number of an object's image
};

// `shapeOf` gives the shape of an output. Throws InferenceError if the tensors do not have the shapes that the layout
// promised, or hold fewer than `images` images. Not for class scores, which are no table.
using Shape = std::vector<std::int64_t>;
using ShapeOf = std::function<const Shape&(std::size_t output)>;
OutputPlaces outputPlaces(const OutputLayout& layout, const ShapeOf& shapeOf, std::size_t images);

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

// The values of one image where they lie; see OutputPlaces.
struct OutputTables {
  std::size_t anchors = 0;  // for objects: how many there are
  int classes = 0;          // 0: not known
  bool multiLabel = false;
  bool logits = false;
  ValueTable boxes, objectness, scores, classNumbers, extra;  // no objectness: its data is null
  ValueTable images;                                          // of a list; otherwise its data is null
  std::size_t slot = 0;                                       // the number of this image
};

// Throws InferenceError if the tensors do not have the shapes that the layout promised.
OutputTables outputTables(const OutputLayout& layout, std::span<const TensorView> outputs, std::size_t slot);

// Calls `found` with anchor, class and score for every anchor whose best class scores above the threshold and is
// wanted, by rising anchor; of equal scores the first class is the best. With several labels, for every such class. An
// objectness must be above the threshold too, and scores are multiplied by it.
using FoundCandidate = std::function<void(std::uint32_t anchor, int classIndex, float score)>;
void scanCandidates(const OutputTables& tables, const PostprocessOptions& options, const FoundCandidate& found);

// Calls `found` with object, class and score for each of the first maxDetections objects that score above the threshold
// and are wanted, in the network's order.
void scanFinished(const OutputTables& tables, const PostprocessOptions& options, const FoundCandidate& found);

}  // namespace trtyolo
