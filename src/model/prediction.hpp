// What heads make of a network's outputs.
#pragma once

#include <vector>

#include "trtyolo.hpp"

namespace trtyolo {

// The objects of one image (or the classes of a whole image), by falling score, in pixels of the source image. Only the
// parts that the task has are filled.
struct Prediction {
  std::vector<int> classes;
  std::vector<float> scores;
  std::vector<Box> boxes;
  std::vector<RotatedBox> rotated;
  Masks masks;
  std::vector<std::vector<KeyPoint>> keypoints;
};

}  // namespace trtyolo
