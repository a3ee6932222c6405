// What a model of any task found in one image.
#pragma once

#include <utility>
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

/// Of one of the five.
template <typename Result>
Found foundOf(Result&& result) {
  Found found;
  found.classes = std::move(result.classes);
  found.scores = std::move(result.scores);
  if constexpr (requires { found.boxes = std::move(result.boxes); }) found.boxes = std::move(result.boxes);
  if constexpr (requires { found.rotated = std::move(result.boxes); }) found.rotated = std::move(result.boxes);
  if constexpr (requires { result.masks; }) found.masks = std::move(result.masks);
  if constexpr (requires { result.kpts; }) found.keypoints = std::move(result.kpts);
  return found;
}

}  // namespace app
