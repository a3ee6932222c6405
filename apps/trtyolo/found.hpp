// What a model of any task found in one image.
#pragma once

#include <vector>

#include "trtyolo.hpp"

namespace app {

/// The parts of the library's five results; those that the task does not have are empty, the others have an element for
/// each object, by falling score. Of a classifier the objects are its best classes.
struct Found {
  std::vector<int> classes;
  std::vector<float> scores;
  std::vector<trtyolo::Box> boxes;                        ///< detect, segment, pose
  std::vector<trtyolo::RotatedBox> rotated;               ///< obb
  trtyolo::Masks masks;                                   ///< segment
  std::vector<std::vector<trtyolo::KeyPoint>> keypoints;  ///< pose
};

}  // namespace app
