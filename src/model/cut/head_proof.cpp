#include "model/cut/head_proof.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <random>
#include <utility>

#include "model/candidates.hpp"
#include "model/cut/onnx_operators.hpp"
#include "model/raw_candidates.hpp"

namespace trtyolo {
namespace {

constexpr std::int64_t kOpenBatch = 2, kOpenCells = 6;  // of dynamic sizes: small, and height is not width

// Numbers that sigmoids, exponentials and distributions tell apart.
constexpr float kMostValue = 4;

// What f32 rounds otherwise in another order of operations: shares of the value, and of a pixel or a score. Constants
// of graphs in f16 are rounded too.
struct Tolerance {
  float relative, pixels, scores;
};
constexpr Tolerance kOfReal{1e-5F, 2e-3F, 1e-5F}, kOfHalf{2e-3F, 0.5F, 2e-3F};

// Nothing is near what is infinite.
bool isNear(float a, float b, float relative, float absolute) {
  const float bound = absolute + relative * std::max(std::fabs(a), std::fabs(b));
  return std::isfinite(bound) && std::fabs(a - b) <= bound;
}

// Four values that say the same of a box in both.
using BoxValues = std::array<float, 4>;

BoxValues wholeBox(const OutputLayout& layout, bool rotated, const OutputTables& tables, std::size_t anchor) {
  const auto at = [&](std::size_t value) { return tables.boxes(value, anchor); };
  if (rotated) {
    const CenterSize box = centerSizeOf(layout.form, at(0), at(1), at(2), at(3));
    return {box.x, box.y, box.width, box.height};
  }
  const Box box = cornersOf(layout.form, static_cast<std::uint32_t>(anchor), at(0), at(1), at(2), at(3));
  return {box.left, box.top, box.right, box.bottom};
}

BoxValues rawBox(const RawForm& form, bool rotated, const RawGrid& grid, std::size_t cell) {
  if (rotated) {
    const float theta = rawAngleOf(form, grid.tables.extra(0, cell));
    const CenterSize box = rawRotatedBoxOf(form, grid.cellAt(cell), theta, grid.boxAt(cell));
    return {box.x, box.y, box.width, box.height};
  }
  const Box box = rawBoxOf(form, grid.cellAt(cell), grid.boxAt(cell));
  return {box.left, box.top, box.right, box.bottom};
}

bool areNear(const BoxValues& a, const BoxValues& b, const Tolerance& tolerance) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!isNear(a[i], b[i], tolerance.relative, tolerance.pixels)) {
      return false;
    }
  }
  return true;
}

// A class of an anchor, by falling score.
struct Pair {
  float score;
  std::uint32_t grid, cell;
  int classIndex;
};

}  // namespace

// The last convolutions as tensors, and what follows from them.
struct HeadProof::Values {
  EndInput given;
  std::vector<OnnxArray> computed;
  std::vector<TensorView> raw;    // of what is given
  std::vector<TensorView> whole;  // of `computed`, at the places of the layout's outputs
};

HeadProof::HeadProof(const ModelDescription& description, NetworkEnd& end)
    : description_(description), end_(end), half_(end.half()) {}

bool HeadProof::holds(RawHead& head) {
  why_.clear();
  const std::optional<Sizes> sizes = sizesFor(head);
  if (!sizes) {
    why_ = "the network's size is no multiple of its strides";
    return false;
  }
  Values values;
  if (head.form.boxes == RawForm::Boxes::Anchors &&
      !(compute(head, *sizes, true, values) && takeAnchors(head, values))) {
    return false;
  }
  if (!compute(head, *sizes, false, values)) {
    return false;
  }
  constexpr std::array kPoints{RawForm::Points::Corner, RawForm::Points::Middle};
  constexpr std::array kAngles{RawForm::Angles::Sigmoid, RawForm::Angles::Radians};
  const Task task = description_.info.task;
  for (std::size_t i = 0; i < (task == Task::Pose || task == Task::OBB ? kPoints.size() : 1); ++i) {
    head.form.points = kPoints[i];
    head.form.angles = kAngles[i];
    if (isSame(head, values)) {
      return true;
    }
  }
  why_ = why_.empty() ? "its end computes something else than heads that are known" : why_;
  return false;
}

// Those of the network, or small ones where they are open.
std::optional<HeadProof::Sizes> HeadProof::sizesFor(const RawHead& head) const {
  const ModelInfo& info = description_.info;
  std::vector<int> shape = info.inputs[0].shape;
  if (description_.input.channelsLast) {
    std::rotate(shape.begin() + 1, shape.begin() + 3, shape.end());
  }
  int coarsest = 1;
  for (const RawHead::Level& level : head.levels) {
    coarsest = std::max(coarsest, level.stride);
  }
  Sizes sizes;
  sizes.batch = shape[0] == -1 ? kOpenBatch : shape[0];
  sizes.height = shape[2] == -1 ? kOpenCells * coarsest : shape[2];
  sizes.width = shape[3] == -1 ? (kOpenCells - 1) * coarsest : shape[3];
  // Open sides become multiples of the network's stride, whatever the grids are.
  const bool open = shape[2] == -1 || shape[3] == -1;
  const bool fits = std::all_of(head.levels.begin(), head.levels.end(), [&](const RawHead::Level& level) {
    return sizes.height % level.stride == 0 && sizes.width % level.stride == 0 &&
           (!open || info.stride % level.stride == 0);
  });
  return fits && sizes.batch > 0 ? std::optional(sizes) : std::nullopt;
}

// What the end gives for zeros or random numbers. False, with the reason, if it cannot be computed.
bool HeadProof::compute(const RawHead& head, const Sizes& sizes, bool zeros, Values& values) {
  const std::vector<LastConvolution>& convolutions = end_.convolutions();
  std::vector<int> strides(convolutions.size(), 0);
  for (const RawHead::Level& level : head.levels) {
    for (const std::size_t place : {level.boxes, level.scores, level.extras}) {
      strides[place] = level.stride;
    }
  }
  values = {};
  values.given.batch = sizes.batch;
  values.given.height = sizes.height;
  values.given.width = sizes.width;
  std::minstd_rand random(1);
  std::uniform_real_distribution<float> numbers(-kMostValue, kMostValue);
  for (std::size_t i = 0; i < convolutions.size(); ++i) {
    OnnxArray array;
    array.shape = {sizes.batch, convolutions[i].channels, sizes.height / strides[i], sizes.width / strides[i]};
    const std::optional<std::size_t> elements = elementsOf(array.shape, kMostElements);
    if (!elements) {
      why_ = "it is too large to be looked at";
      return false;
    }
    array.reals.resize(*elements, 0.0F);
    if (!zeros) {
      std::generate(array.reals.begin(), array.reals.end(), [&] { return numbers(random); });
    }
    values.given.convolutions.push_back(std::move(array));
  }
  try {
    values.computed = end_.compute(values.given);
  } catch (const NotComputable& reason) {
    why_ = reason.what();
  }
  const OutputLayout& layout = description_.layout;
  values.whole.resize(description_.info.outputs.size());
  std::vector<std::size_t> places{layout.boxes};
  for (const std::size_t place : {layout.scores, layout.extras}) {
    if (place != OutputLayout::kNone) {
      places.push_back(place);
    }
  }
  for (std::size_t i = 0; i < values.computed.size(); ++i) {
    if (!values.computed[i].real || values.computed[i].rank() < 3) {
      why_ = "an output has a form that it does not say";
      return false;
    }
    values.whole[places[i]] = {values.computed[i].reals.data(), values.computed[i].shape};
  }
  for (const OnnxArray& array : values.given.convolutions) {
    values.raw.push_back({array.reals.data(), array.shape});
  }
  return why_.empty();
}

// Of zeros, boxes are as large as their anchors.
bool HeadProof::takeAnchors(RawHead& head, const Values& values) {
  OutputLayout layout = description_.layout;
  const OutputTables tables = outputTables(layout, values.whole, 0);
  layout.raw = head;
  std::size_t number = 0;
  for (const RawGrid& grid : rawGrids(layout, values.raw, 0)) {
    if (grid.first >= tables.anchors) {
      why_ = "it has fewer anchors than its grids";
      return false;
    }
    const auto at = [&](std::size_t value) { return tables.boxes(value, grid.first); };
    const CenterSize box = centerSizeOf(layout.form, at(0), at(1), at(2), at(3));
    const std::size_t anchors = static_cast<std::size_t>(head.anchorsPerCell);
    head.levels[number / anchors].anchors[number % anchors] = {box.width, box.height};
    ++number;
  }
  return true;
}

bool HeadProof::isSame(const RawHead& head, const Values& values) {
  try {
    return head.mostObjects > 0 ? areSameObjects(head, values) : isSameTable(head, values);
  } catch (const InferenceError& error) {
    why_ = error.what();
    return false;
  }
}

bool HeadProof::isSameTable(const RawHead& head, const Values& values) {
  OutputLayout raw = description_.layout;
  raw.raw = head;
  const auto images = static_cast<std::size_t>(values.raw[0].shape[0]);
  for (std::size_t slot = 0; slot < images; ++slot) {
    const OutputTables whole = outputTables(description_.layout, values.whole, slot);
    std::size_t anchors = 0;
    for (const RawGrid& grid : rawGrids(raw, values.raw, slot)) {
      anchors = grid.first + grid.tables.anchors;
      if (anchors > whole.anchors || !isSameGrid(head, grid, whole)) {
        return false;
      }
    }
    if (anchors != whole.anchors) {
      return false;
    }
  }
  return true;
}

bool HeadProof::isSameGrid(const RawHead& head, const RawGrid& grid, const OutputTables& whole) const {
  const OutputLayout& layout = description_.layout;
  const ModelInfo& info = description_.info;
  const Tolerance& tolerance = half_ ? kOfHalf : kOfReal;
  const bool rotated = info.task == Task::OBB;
  const auto points = static_cast<std::size_t>(info.keypointDims);
  for (std::size_t cell = 0; cell < grid.tables.anchors; ++cell) {
    const std::size_t anchor = grid.first + cell;
    if (!areNear(rawBox(head.form, rotated, grid, cell), wholeBox(layout, rotated, whole, anchor), tolerance)) {
      return false;
    }
    if ((grid.tables.objectness.data == nullptr) != (whole.objectness.data == nullptr) ||
        (whole.objectness.data &&
         !isNear(sigmoid(grid.tables.objectness(0, cell)), whole.objectness(0, anchor), 0, tolerance.scores))) {
      return false;
    }
    for (std::size_t c = 0; c < static_cast<std::size_t>(layout.classes); ++c) {
      if (!isNear(sigmoid(grid.tables.scores(c, cell)), whole.scores(c, anchor), 0, tolerance.scores)) {
        return false;
      }
    }
    for (std::size_t v = 0; v < static_cast<std::size_t>(layout.extra); ++v) {
      if (!isNear(rawExtraOf(head.form, grid, cell, v, info.task, points), whole.extra(v, anchor), tolerance.relative,
                  tolerance.pixels)) {
        return false;
      }
    }
  }
  return true;
}

// Of an end-to-end network: the best pairs of an anchor and a class. Which of two pairs with nearly the same score
// comes first is left to rounding.
bool HeadProof::areSameObjects(const RawHead& head, const Values& values) {
  OutputLayout raw = description_.layout;
  raw.raw = head;
  const Tolerance& tolerance = half_ ? kOfHalf : kOfReal;
  const bool rotated = description_.info.task == Task::OBB;
  const auto points = static_cast<std::size_t>(description_.info.keypointDims);
  const auto images = static_cast<std::size_t>(values.raw[0].shape[0]);
  for (std::size_t slot = 0; slot < images; ++slot) {
    const OutputTables whole = outputTables(description_.layout, values.whole, slot);
    const std::vector<RawGrid> grids = rawGrids(raw, values.raw, slot);
    std::vector<Pair> pairs;
    for (std::uint32_t g = 0; g < grids.size(); ++g) {
      for (std::uint32_t cell = 0; cell < grids[g].tables.anchors; ++cell) {
        for (int c = 0; c < raw.classes; ++c) {
          pairs.push_back({sigmoid(grids[g].tables.scores(static_cast<std::size_t>(c), cell)), g, cell, c});
        }
      }
    }
    if (whole.anchors > pairs.size()) {
      return false;
    }
    std::sort(pairs.begin(), pairs.end(), [](const Pair& a, const Pair& b) { return a.score > b.score; });
    const auto isRow = [&](const Pair& pair, std::size_t row) {
      const RawGrid& grid = grids[pair.grid];
      if (static_cast<float>(pair.classIndex) != whole.classNumbers(0, row) ||
          !areNear(rawBox(head.form, rotated, grid, pair.cell), wholeBox(description_.layout, rotated, whole, row),
                   tolerance)) {
        return false;
      }
      for (std::size_t v = 0; v < static_cast<std::size_t>(raw.extra); ++v) {
        if (!isNear(rawExtraOf(head.form, grid, pair.cell, v, description_.info.task, points), whole.extra(v, row),
                    tolerance.relative, tolerance.pixels)) {
          return false;
        }
      }
      return true;
    };
    for (std::size_t row = 0; row < whole.anchors; ++row) {
      const float score = whole.scores(0, row);
      if (!isNear(score, pairs[row].score, 0, tolerance.scores)) {
        return false;
      }
      const auto begin = std::partition_point(
          pairs.begin(), pairs.end(), [&](const Pair& pair) { return pair.score > score + 2 * tolerance.scores; });
      const auto end = std::partition_point(
          begin, pairs.end(), [&](const Pair& pair) { return pair.score >= score - 2 * tolerance.scores; });
      if (std::none_of(begin, end, [&](const Pair& pair) { return isRow(pair, row); })) {
        return false;
      }
    }
  }
  return true;
}

}  // namespace trtyolo
