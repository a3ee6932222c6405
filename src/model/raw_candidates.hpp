// The candidates in what the last convolutions of a network give.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "model/candidates.hpp"
#include "model/output_layout.hpp"
#include "model/raw_head.hpp"
#include "model/tensor.hpp"

namespace trtyolo {

// One grid of one image, with one of the anchors of its cells. Values lie at the number of a cell, row by row.
struct RawGrid {
  OutputTables tables;    // as many "anchors" as cells; scores and objectness are logits
  std::size_t first = 0;  // the number of its first anchor among those of all grids
  std::size_t columns = 0;
  RawCell origin;  // the first cell

  RawCell cellAt(std::size_t cell) const {
    RawCell place = origin;
    const std::size_t row = cell / columns;
    place.column = static_cast<float>(cell % columns);
    place.row = static_cast<float>(row);
    return place;
  }
  // The value of channel c of a cell's box.
  auto boxAt(std::size_t cell) const {
    return [this, cell](int c) { return tables.boxes(static_cast<std::size_t>(c), cell); };
  }
};

// Whether the grids, as far as their sides are known (above 0), are those of one size of the network's input.
bool coverOneInput(const RawHead& head, const ShapeOf& shapeOf);

// All grids of image `slot`, by rising number of their anchors, which is that of the whole network. `layout` has a raw
// head. Throws InferenceError if the tensors do not have the shapes that the head promised.
std::vector<RawGrid> rawGrids(const OutputLayout& layout, std::span<const TensorView> outputs, std::size_t slot);

// Extra value `index` of a cell: as the whole network gives it. `keypointDims`: 0 unless they are keypoints; the last
// value of a rotated box is its angle.
float rawExtraOf(const RawForm& form, const RawGrid& grid, std::size_t cell, std::size_t index, Task task,
                 std::size_t keypointDims);

}  // namespace trtyolo
