// The five models for Python.
#pragma once

#include <nanobind/nanobind.h>

#include "trtyolo.hpp"

namespace trtyolo::python {

/// Everything that a ModelInfo says, by the names of its Python class.
nanobind::dict dictOf(const ModelInfo& info);

/// Adds ClassifyModel, DetectModel, OBBModel, SegmentModel and PoseModel.
void bindModels(nanobind::module_& module);

}  // namespace trtyolo::python
