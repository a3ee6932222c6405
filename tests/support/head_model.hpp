// Small networks with the heads that exporters write, and such as look like them and are others.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/description.hpp"
#include "support/onnx_writer.hpp"
#include "support/random.hpp"
#include "trtyolo.hpp"

namespace trtyolo::test {

// How a head differs from the one that it looks like.
enum class HeadChange {
  None,
  ReversedLevels,  // the grids are joined from the coarsest to the finest, for cells the other way round
  ShuffledScores,  // grids of scores are joined in another order than those of boxes
  OtherStrides,    // boxes of all grids are multiplied with one stride
  ExtraBranch,     // scores are multiplied with those of another convolution
  ForeignAnchors,  // width and height are exponentials, as YOLOv3 has them
  SwappedAxes,     // x and y of the cells are exchanged
  ShiftedCells,    // distances are from the corners of cells
  Squared,         // a distribution's mean is of squares
  Clipped,         // boxes are cut at the image's edges
  Infinite,        // centres of boxes are divided by 0
};

struct HeadModel {
  Task task = Task::Detect;
  int bins = 16;         // 1: distances
  bool anchors = false;  // YOLOv5's
  bool endToEnd = false;
  bool middle = false;      // keypoints as YOLO26 has them, angles in radians
  bool byLevel = false;     // boxes and scores of a level are joined first
  bool transposed = false;  // [batch, anchors, values]
  bool quantized = false;   // Q/DQ before the last convolutions, and behind their weights
  HeadChange change = HeadChange::None;

  static constexpr int kClasses = 3, kSide = 64, kObjects = 20, kCoefficients = 8, kPoints = 2, kPointDims = 3;

  // An ONNX file.
  std::string bytes() const;
  // As a backend reads it.
  RawModel raw(const std::string& file) const;
  int extra() const;
  // The network of its file `onnx` as OpenVINO IR: `folder`/head.xml with its weights, in f16 if they are to be `half`,
  // and metadata.yaml, as Ultralytics writes it. Gives the first.
  std::string saveAsIr(const std::string& onnx, const std::string& folder, bool half) const;
};

}  // namespace trtyolo::test
