// What a network gives that was cut behind its last convolutions, and what it means: the same numbers on every device.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/device_function.hpp"
#include "base/exponential.hpp"
#include "model/object_values.hpp"

namespace trtyolo {

inline constexpr std::size_t kMostLevels = 5;          // grids of a head; Ultralytics' have two to four
inline constexpr std::size_t kMostAnchorsPerCell = 3;  // YOLOv5, YOLOv7

// How the values of a cell become a box, an angle and keypoints.
struct RawForm {
  enum class Boxes : std::uint8_t {
    Distances,  // from the middle of the cell to the box's sides, in cells: left, top, right, bottom (YOLOv8 and later)
    Anchors,    // sigmoids, to be scaled by the anchor: x, y, width, height (YOLOv5, YOLOv7)
  };
  enum class Points : std::uint8_t {
    Corner,  // twice the value, from the upper left corner of the cell, in cells (YOLOv8, YOLO11)
    Middle,  // the value, from the middle of the cell, in cells (YOLO26)
  };
  enum class Angles : std::uint8_t {
    Sigmoid,  // -pi / 4 to 3 pi / 4 (YOLOv8, YOLO11)
    Radians,  // as it is (YOLO26)
  };
  Boxes boxes = Boxes::Distances;
  Points points = Points::Corner;
  Angles angles = Angles::Sigmoid;
  int bins = 1;  // a distance is the mean of a distribution over so many cells (DFL, arXiv:2006.04388); 1: the distance
};

// A cell of a grid.
struct RawCell {
  float column = 0, row = 0, stride = 0;    // pixels of the network's input to a cell
  float anchorWidth = 0, anchorHeight = 0;  // pixels, where boxes are scaled by anchors
};

// The mean of the distribution whose logarithms are `at(0)` to `at(bins - 1)`, but for a constant.
template <typename At>
TRTYOLO_DEVICE float meanOf(const At& at, int bins) {
  float most = at(0);
  for (int i = 1; i < bins; ++i) {
    const float value = at(i);
    most = value > most ? value : most;
  }
  float sum = 0, mean = 0;
  for (int i = 0; i < bins; ++i) {
    const float share = exponential(at(i) - most);
    sum += share;
    mean += share * static_cast<float>(i);
  }
  return mean / sum;
}

// The distance to a side of the box, 0 to 3 for left, top, right and bottom; `at(c)` is the value of channel c.
template <typename At>
TRTYOLO_DEVICE float distanceOf(const At& at, int side, int bins) {
  constexpr int kUsualBins = 16;
  if (bins == 1) {
    return at(side);
  }
  const int first = side * bins;
  if (bins != kUsualBins) {
    return meanOf([&](int i) { return at(first + i); }, bins);
  }
  float values[kUsualBins];  // read at once: a thread of a GPU waits for each that it reads alone
  for (int i = 0; i < kUsualBins; ++i) {
    values[i] = at(first + i);
  }
  return meanOf([&](int i) { return values[i]; }, kUsualBins);
}

// From the middle of a cell to the sides of its box, in cells.
struct RawDistances {
  float left, top, right, bottom;
};

template <typename At>
TRTYOLO_DEVICE RawDistances rawDistancesOf(const RawForm& form, const At& at) {
  return {distanceOf(at, 0, form.bins), distanceOf(at, 1, form.bins), distanceOf(at, 2, form.bins),
          distanceOf(at, 3, form.bins)};
}

// The corners of a cell's box, in pixels of the network's input.
TRTYOLO_DEVICE inline Box rawBoxOf(const RawCell& cell, const RawDistances& distances) {
  const float x = cell.column + 0.5F, y = cell.row + 0.5F;
  return {(x - distances.left) * cell.stride, (y - distances.top) * cell.stride, (x + distances.right) * cell.stride,
          (y + distances.bottom) * cell.stride};
}

template <typename At>
TRTYOLO_DEVICE Box rawBoxOf(const RawForm& form, const RawCell& cell, const At& at) {
  if (form.boxes == RawForm::Boxes::Anchors) {
    const float x = (sigmoid(at(0)) * 2.0F - 0.5F + cell.column) * cell.stride;
    const float y = (sigmoid(at(1)) * 2.0F - 0.5F + cell.row) * cell.stride;
    const float wide = sigmoid(at(2)) * 2.0F, high = sigmoid(at(3)) * 2.0F;
    const float halfWidth = wide * wide * cell.anchorWidth / 2.0F, halfHeight = high * high * cell.anchorHeight / 2.0F;
    return {x - halfWidth, y - halfHeight, x + halfWidth, y + halfHeight};
  }
  return rawBoxOf(cell, rawDistancesOf(form, at));
}

// The angle that a value means, in radians.
TRTYOLO_DEVICE inline float rawAngleOf(const RawForm& form, float value) {
  constexpr float kPi = 3.14159265358979F;
  return form.angles == RawForm::Angles::Sigmoid ? (sigmoid(value) - 0.25F) * kPi : value;
}

// Centre and size of a cell's rotated box, in pixels of the network's input: the distances are those of the box before
// it is turned about the middle of the cell.
template <typename At>
TRTYOLO_DEVICE CenterSize rawRotatedBoxOf(const RawForm& form, const RawCell& cell, float theta, const At& at) {
  const RawDistances sides = rawDistancesOf(form, at);
  const float x = (sides.right - sides.left) / 2.0F, y = (sides.bottom - sides.top) / 2.0F;
  const float cosine = std::cos(theta), sine = std::sin(theta);
  return {(x * cosine - y * sine + (cell.column + 0.5F)) * cell.stride,
          (x * sine + y * cosine + (cell.row + 0.5F)) * cell.stride, (sides.left + sides.right) * cell.stride,
          (sides.top + sides.bottom) * cell.stride};
}

// Value `index` of a cell's keypoints of `dims` values each, in pixels of the network's input; the third is the point's
// confidence.
TRTYOLO_DEVICE inline float rawPointOf(const RawForm& form, const RawCell& cell, int index, int dims, float value) {
  const int part = index % dims;
  if (part == 2) {
    return sigmoid(value);
  }
  const float corner = part == 0 ? cell.column : cell.row;
  return form.points == RawForm::Points::Corner ? (value * 2.0F + corner) * cell.stride
                                                : (value + (corner + 0.5F)) * cell.stride;
}

// The grids of a network that was cut.
struct RawHead {
  // One grid, row by row: [batch, channels, rows, columns] each.
  struct Level {
    int stride = 0;
    // Indices of outputs. With anchors all three are one: for each anchor box, objectness, scores and extra values.
    std::size_t boxes = 0, scores = 0, extras = 0;
    std::array<std::array<float, 2>, kMostAnchorsPerCell> anchors{};  // width and height
  };

  RawForm form;
  int anchorsPerCell = 1;
  int mostObjects = 0;  // that an end-to-end network would have given; 0 if it is none
  std::vector<Level> levels;
};

// Whether an output is that of a grid; the others are whole tensors (prototypes of masks).
inline bool isLevel(const RawHead& head, std::size_t output) {
  return std::any_of(head.levels.begin(), head.levels.end(), [&](const RawHead::Level& level) {
    return output == level.boxes || output == level.scores || output == level.extras;
  });
}

}  // namespace trtyolo
