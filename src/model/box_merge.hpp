// Which boxes are of one object, and what box they have together: SAHI's NMS, NMM and GREEDYNMM.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "trtyolo/results.hpp"
#include "trtyolo/slices.hpp"

namespace trtyolo {

// What is merged, in pixels of one image. Upright boxes have an angle of 0.
struct FoundBox {
  RotatedBox box;
  float score = 0;
  int classIndex = 0;
};

struct MergedBox {
  std::size_t kept = 0;             // index of the one with the highest score
  std::vector<std::size_t> merged;  // those that were merged into it, in that order
  FoundBox found;                   // what they are together
};

// By falling score; equal ones by class and then as SAHI has them, by left, top, right, bottom.
//
// Upright boxes: the results of SAHI 0.12.8 (its NumPy backend), and its arithmetic: what matches is looked for in f32
// on the boxes as they were found; what was found so is merged if it also matches, in f64, the box that has grown
// meanwhile, and is dropped if not. The merged box covers both.
//
// Rotated boxes, which SAHI compares by the upright boxes around them: the same with the intersection of the boxes
// themselves. The merged box has the angle of the one with the highest score, and covers both.
//
// The time grows with the number of boxes and of pairs that are near each other, the memory with that of boxes.
// Boxes that are not finite match nothing.
std::vector<MergedBox> mergeBoxes(std::span<const FoundBox> boxes, const SliceOption& option, bool rotated);

}  // namespace trtyolo
