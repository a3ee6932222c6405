#include "model/raw_candidates.hpp"

#include <string>

namespace trtyolo {
namespace {

// A tensor [batch, channels, rows, columns].
struct Planes {
  const float* data;
  std::size_t rows, columns;

  std::size_t cells() const { return rows * columns; }
  // Where only shapes are looked at, there is no memory.
  ValueTable from(std::size_t channel) const { return {data ? data + channel * cells() : nullptr, cells(), 1}; }
};

Planes planesOf(const TensorView& tensor, std::size_t slot, std::size_t channels) {
  constexpr std::int64_t kMostSide = 1 << 20;
  const std::vector<std::int64_t>& shape = tensor.shape;
  const bool fits = shape.size() == 4 && slot < static_cast<std::size_t>(shape[0]) &&
                    shape[1] == static_cast<std::int64_t>(channels) && shape[2] > 0 && shape[2] <= kMostSide &&
                    shape[3] > 0 && shape[3] <= kMostSide;
  if (!fits) {
    throw InferenceError("the network's last convolution was expected to give [batch, " + std::to_string(channels) +
                         ", height, width], found " + toText(shape));
  }
  return {tensor.data ? tensor.slot(slot) : nullptr, static_cast<std::size_t>(shape[2]),
          static_cast<std::size_t>(shape[3])};
}

RawGrid gridOf(const OutputLayout& layout, const RawHead::Level& level, const Planes& planes, std::size_t first) {
  RawGrid grid;
  grid.first = first;
  grid.columns = planes.columns;
  grid.origin.stride = static_cast<float>(level.stride);
  grid.tables.anchors = planes.cells();
  grid.tables.classes = layout.classes;
  grid.tables.multiLabel = layout.multiLabel;
  grid.tables.logits = true;
  return grid;
}

}  // namespace

bool coverOneInput(const RawHead& head, const ShapeOf& shapeOf) {
  constexpr std::size_t kRows = 2, kColumns = 3;
  for (const std::size_t side : {kRows, kColumns}) {
    std::int64_t pixels = 0;
    for (const RawHead::Level& level : head.levels) {
      for (const std::size_t output : {level.boxes, level.scores, level.extras}) {
        const Shape& shape = shapeOf(output);
        const std::int64_t cells = shape.size() == 4 ? shape[side] : 0;
        if (cells <= 0) {
          continue;  // not known
        }
        if (pixels != 0 && cells * level.stride != pixels) {
          return false;
        }
        pixels = cells * level.stride;
      }
    }
  }
  return true;
}

std::vector<RawGrid> rawGrids(const OutputLayout& layout, std::span<const TensorView> outputs, std::size_t slot) {
  const RawHead& head = *layout.raw;
  if (!coverOneInput(head, [&](std::size_t output) -> const Shape& { return outputs[output].shape; })) {
    throw InferenceError("the network's last convolutions gave grids that do not cover the same input");
  }
  const auto classes = static_cast<std::size_t>(layout.classes), extra = static_cast<std::size_t>(layout.extra);
  std::vector<RawGrid> grids;
  std::size_t first = 0;
  for (const RawHead::Level& level : head.levels) {
    if (head.form.boxes == RawForm::Boxes::Anchors) {
      const std::size_t values = 5 + classes + extra, anchors = static_cast<std::size_t>(head.anchorsPerCell);
      const Planes planes = planesOf(outputs[level.boxes], slot, anchors * values);
      for (std::size_t a = 0; a < anchors; ++a) {
        RawGrid grid = gridOf(layout, level, planes, first);
        grid.origin.anchorWidth = level.anchors[a][0];
        grid.origin.anchorHeight = level.anchors[a][1];
        grid.tables.boxes = planes.from(a * values);
        if (!layout.objectnessAlone) {
          grid.tables.objectness = planes.from(a * values + 4);
        }
        grid.tables.scores = planes.from(a * values + (layout.objectnessAlone ? 4 : 5));
        grid.tables.extra = planes.from(a * values + 5 + classes);
        grids.push_back(grid);
        first += planes.cells();
      }
      continue;
    }
    const Planes boxes = planesOf(outputs[level.boxes], slot, 4 * static_cast<std::size_t>(head.form.bins));
    const Planes scores = planesOf(outputs[level.scores], slot, classes);
    const Planes extras = extra > 0 ? planesOf(outputs[level.extras], slot, extra) : boxes;
    if (scores.rows != boxes.rows || scores.columns != boxes.columns || extras.rows != boxes.rows ||
        extras.columns != boxes.columns) {
      throw InferenceError("the network's last convolutions of one level gave grids of different sizes");
    }
    RawGrid grid = gridOf(layout, level, boxes, first);
    grid.tables.boxes = boxes.from(0);
    grid.tables.scores = scores.from(0);
    grid.tables.extra = extras.from(0);
    grids.push_back(grid);
    first += boxes.cells();
  }
  return grids;
}

float rawExtraOf(const RawForm& form, const RawGrid& grid, std::size_t cell, std::size_t index, Task task,
                 std::size_t keypointDims) {
  const float value = grid.tables.extra(index, cell);
  switch (task) {
    case Task::Pose:
      return rawPointOf(form, grid.cellAt(cell), static_cast<int>(index), static_cast<int>(keypointDims), value);
    case Task::OBB:
      return rawAngleOf(form, value);
    default:
      return value;
  }
}

}  // namespace trtyolo
