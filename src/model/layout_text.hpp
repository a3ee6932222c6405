// What users are told about a network's outputs: how they are read, or why they are refused.
#pragma once

#include <string>
#include <vector>

#include "model/output_layout.hpp"

namespace trtyolo {

// "f32 [1, 84, 8400]", dynamic dimensions as "?".
std::string toString(const TensorInfo& tensor);

// "'output0' f32 [1, 84, 8400], ...".
std::string listOf(const std::vector<TensorInfo>& tensors);

// ModelInfo::layout of outputs that are understood.
std::string wordsFor(const OutputLayout& layout, const ModelInfo& info);

// Three lines: what was found, the nearest layout and what it lacks (no reason: the outputs are others), what to do.
std::string refusalOf(const std::vector<TensorInfo>& outputs, const std::string& nearest, const std::string& reason);

}  // namespace trtyolo
