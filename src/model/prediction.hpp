// What heads make of a network's outputs.
#pragma once

#include <vector>

#include "trtyolo.hpp"

namespace trtyolo {

// The objects of one image, by falling score, in pixels of the source image.
struct Prediction {
  std::vector<int> classes;
  std::vector<float> scores;
  std::vector<Box> boxes;
};

}  // namespace trtyolo
