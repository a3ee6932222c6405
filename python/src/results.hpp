// Results as the arguments of the Python classes that hold them: NumPy arrays over the memory that the library filled.
#pragma once

#include <nanobind/nanobind.h>

#include "trtyolo.hpp"

namespace trtyolo::python {

/// (classes i32 [n], scores f32 [n])
nanobind::tuple partsOf(ClsResult&& result, const ModelInfo& info);
/// (classes, scores, boxes f32 [n, 4])
nanobind::tuple partsOf(DetResult&& result, const ModelInfo& info);
/// (classes, scores, boxes f32 [n, 5]: centre x, centre y, width, height, theta)
nanobind::tuple partsOf(OBBResult&& result, const ModelInfo& info);
/// (classes, scores, boxes, masks)
nanobind::tuple partsOf(SegResult&& result, const ModelInfo& info);
/// (classes, scores, boxes, keypoints f32 [n, info.keypoints, 3])
nanobind::tuple partsOf(PoseResult&& result, const ModelInfo& info);

/// Adds Masks and corners().
void bindResults(nanobind::module_& module);

}  // namespace trtyolo::python
