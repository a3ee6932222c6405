// The five models for Python.
#pragma once

#include <nanobind/nanobind.h>

#include "trtyolo.hpp"

namespace trtyolo::python {

/// Everything that a ModelInfo says, by the names of its Python class.
nanobind::dict dictOf(const ModelInfo& info);

/// To be called before a back end is set to work. In a process that was forked from one in which that was done already,
/// the back end's threads are missing and its locks may be held for ever.
/// @throws Error  this is such a process
void claimProcess();

/// Adds ClassifyModel, DetectModel, OBBModel, SegmentModel and PoseModel.
void bindModels(nanobind::module_& module);

}  // namespace trtyolo::python
