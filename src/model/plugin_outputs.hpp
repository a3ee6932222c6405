// The outputs of networks that end in an NMS plugin: a count, boxes, scores and classes, each in a tensor of its own.
#pragma once

#include <optional>
#include <vector>

#include "model/output_layout.hpp"

namespace trtyolo {

// A layout with the indices of these outputs, masks as `prototypes`; nothing else in it is set. They are told apart by
// known names, those without one by shapes and types. Nothing if one is missing or two could be meant. The shapes of
// those with known names are not checked.
std::optional<OutputLayout> findPluginOutputs(const std::vector<TensorInfo>& outputs);

}  // namespace trtyolo
