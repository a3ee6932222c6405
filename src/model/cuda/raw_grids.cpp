#include "model/cuda/raw_grids.hpp"

#include <algorithm>
#include <vector>

#include "model/raw_candidates.hpp"
#include "model/tensor.hpp"

namespace trtyolo::cuda {
namespace {

// Of [batch, channels, rows, columns].
RawTensor rawTensorOf(const DeviceTensor& tensor) {
  const auto channels = static_cast<std::size_t>(tensor.shape[1]);
  const auto cells = static_cast<std::size_t>(tensor.shape[2]) * static_cast<std::size_t>(tensor.shape[3]);
  if (tensor.cellStep == 0) {
    return {tensor.data, channels * cells, static_cast<std::uint32_t>(cells), 1};
  }
  return {tensor.data, tensor.cellStep * cells, 1, static_cast<std::uint32_t>(tensor.cellStep)};
}

}  // namespace

bool RawGrids::operator==(const RawGrids& other) const {
  return count == other.count && type == other.type && cellsFirst == other.cellsFirst &&
         std::equal(levels, levels + count, other.levels);
}

RawGrids rawGridsOf(const OutputLayout& layout, std::span<const DeviceTensor> outputs, std::size_t images,
                    std::uint32_t keypointDims) {
  const RawHead& head = *layout.raw;
  // The processor's look at the same tensors checks their shapes, and knows where their values lie.
  std::vector<TensorView> views;
  for (const DeviceTensor& output : outputs) {
    views.push_back({nullptr, output.shape});
  }
  const std::vector<RawGrid> checked = rawGrids(layout, views, images - 1);
  const bool anchors = head.form.boxes == RawForm::Boxes::Anchors;
  RawGrids grids;
  grids.count = static_cast<std::uint32_t>(head.levels.size());
  grids.type = outputs[head.levels[0].boxes].type;
  grids.cellsFirst = outputs[head.levels[0].boxes].cellStep != 0;
  grids.form = head.form;
  grids.anchorsPerCell = static_cast<std::uint32_t>(head.anchorsPerCell);
  grids.keypointDims = keypointDims;
  grids.mostObjects = static_cast<std::uint32_t>(head.mostObjects);
  const auto classes = static_cast<std::uint32_t>(layout.classes);
  if (anchors) {
    constexpr std::uint32_t kBox = 4;
    grids.values = kBox + 1 + classes + static_cast<std::uint32_t>(layout.extra);
    grids.objectnessAt = layout.objectnessAlone ? 0 : kBox;
    grids.scoresAt = layout.objectnessAlone ? kBox : kBox + 1;
    grids.extraAt = kBox + 1 + classes;
  }
  for (std::size_t i = 0; i < head.levels.size(); ++i) {
    const RawHead::Level& level = head.levels[i];
    const RawGrid& grid = checked[i * grids.anchorsPerCell];
    RawGridLevel& place = grids.levels[i];
    const DeviceTensor &boxes = outputs[level.boxes], &scores = outputs[level.scores], &extra = outputs[level.extras];
    for (const DeviceTensor* const tensor : {&boxes, &scores, &extra}) {
      if (tensor->type != grids.type || (tensor->cellStep != 0) != grids.cellsFirst) {
        throw InferenceError("the network's last convolutions were expected to give values of one type in one order");
      }
    }
    place.boxes = rawTensorOf(boxes);
    place.scores = rawTensorOf(scores);
    place.extra = rawTensorOf(extra);
    place.first = static_cast<std::uint32_t>(grid.first);
    place.cells = static_cast<std::uint32_t>(grid.tables.anchors);
    place.columns = static_cast<std::uint32_t>(grid.columns);
    place.stride = static_cast<float>(level.stride);
    for (std::size_t a = 0; a < kMostAnchorsPerCell; ++a) {
      std::copy(level.anchors[a].begin(), level.anchors[a].end(), place.anchors[a]);
    }
  }
  return grids;
}

std::size_t anchorsOf(const RawGrids& grids) {
  if (grids.count == 0) {
    return 0;
  }
  const RawGridLevel& last = grids.levels[grids.count - 1];
  return last.first + std::size_t{last.cells} * grids.anchorsPerCell;
}

}  // namespace trtyolo::cuda
