// What the last convolutions of a network give, where it lies in device memory: see model/raw_head.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "model/cuda/objects.hpp"
#include "model/output_layout.hpp"
#include "model/raw_head.hpp"

namespace trtyolo::cuda {

// Value c of a cell of image i is element i * slotStep + c * valueStep + cell * cellStep.
struct RawTensor {
  const void* data = nullptr;
  std::size_t slotStep = 0;
  std::uint32_t valueStep = 0, cellStep = 0;

  bool operator==(const RawTensor&) const = default;
};

// One grid.
struct RawGridLevel {
  RawTensor boxes, scores, extra;  // one and the same where boxes are scaled by anchors
  std::uint32_t first = 0;         // number of its first anchor
  std::uint32_t cells = 0, columns = 0;
  float stride = 0;
  float anchors[kMostAnchorsPerCell][2] = {};

  bool operator==(const RawGridLevel&) const = default;
};

struct RawGrids {
  std::uint32_t count = 0;  // of levels; 0: the network gives tables
  RawGridLevel levels[kMostLevels];
  ValueType type = ValueType::F32;
  bool cellsFirst = false;  // the scores of a cell lie side by side; otherwise cells do
  RawForm form;
  std::uint32_t anchorsPerCell = 1;
  std::uint32_t values = 0;                 // of an anchor, where it shares its tensor with others
  std::uint32_t scoresAt = 0, extraAt = 0;  // the first of these values
  std::uint32_t objectnessAt = 0;           // 0: there is none
  std::uint32_t keypointDims = 0;           // 0: extra values are no keypoints
  std::uint32_t mostObjects = 0;            // as RawHead has it

  bool operator==(const RawGrids& other) const;
};

// `outputs` are those of the network, in its order. Throws InferenceError if they have not the shapes that the layout
// promised, hold fewer than `images` images, or are of different types or orders.
RawGrids rawGridsOf(const OutputLayout& layout, std::span<const DeviceTensor> outputs, std::size_t images,
                    std::uint32_t keypointDims);

// How many anchors they have.
std::size_t anchorsOf(const RawGrids& grids);

}  // namespace trtyolo::cuda
