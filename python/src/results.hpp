// Results in Python's hands: NumPy arrays over the memory that the library filled.
#pragma once

#include <nanobind/nanobind.h>

#include "trtyolo.hpp"

namespace trtyolo::python {

/// What the results of one model share. For who holds the interpreter lock.
struct ResultKind {
  nanobind::object type;   ///< the Python class of a result, derived from _core.Result
  nanobind::object names;  ///< of the classes: results.ClassNames
  int keypoints = 0;       ///< points of an object

  ResultKind(nanobind::object resultType, const ModelInfo& info);
};

/// `names` as results.ClassNames, a dictionary.
nanobind::object dictOf(const ClassNames& names);

/// Where the objects of `found`, which are in `image`, are: of a result of Python's its boxes, or those of an array
/// f32, [n, 4] (left, top, right, bottom) or [n, 5] (centre x and y, width, height, theta). A copy.
/// @throws nanobind::python_error (TypeError), std::invalid_argument  it is neither
Result objectsOf(nanobind::handle found, const Image& image);

/// `result` as an object of that kind.
nanobind::object pythonResult(Result&& result, const ResultKind& kind);

}  // namespace trtyolo::python
