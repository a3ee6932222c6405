// The outputs of networks that end in a suppression plugin: a count, boxes, scores and classes, each a tensor of its
// own.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "trtyolo.hpp"

namespace trtyolo {

// Numbers of outputs.
struct PluginOutputs {
  std::size_t counts = 0;                // [batch, 1]
  std::size_t boxes = 0;                 // [batch, objects, 4 (corners), or 5 (centre, size, angle)]
  std::size_t scores = 0;                // [batch, objects]
  std::size_t classes = 0;               // [batch, objects]
  std::optional<std::size_t> masks;      // [batch, objects, height, width]
  std::optional<std::size_t> keypoints;  // [batch, objects, keypoints, 2 or 3]
};

// Tells which is which, by names that are known, the rest by shapes and types. Nothing where an output is missing or
// two could be meant. Shapes of what was found by name are not looked at.
std::optional<PluginOutputs> findPluginOutputs(const std::vector<TensorInfo>& outputs);

}  // namespace trtyolo
