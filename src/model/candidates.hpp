// The candidates in a network's outputs, whatever way they lie.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

#include "model/output_layout.hpp"
#include "model/tensor.hpp"
#include "model/thresholds.hpp"

namespace trtyolo {

// A table of values for each of many anchors. Value v of anchor a is at data[v * valueStep + a * anchorStep].
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

// The same for finished boxes: the table's "anchors" are objects.
struct FinishedTable {
  std::size_t objects = 0;
  ValueTable values;
};
FinishedTable finishedTable(const OutputLayout& layout, std::span<const TensorView> outputs, std::size_t slot);

// Calls `found` with anchor, class and score for every anchor whose best class scores above the threshold and is
// wanted, by rising anchor; of equal scores the first class is the best. With several labels: for every class that
// does. With an objectness, that must be above the threshold too, and scores are multiplied by it.
using FoundCandidate = std::function<void(std::uint32_t anchor, int classIndex, float score)>;
void scanCandidates(const CandidateTables& tables, const Thresholds& thresholds, const FoundCandidate& found);

}  // namespace trtyolo
