// InferOption for Python.
#pragma once

#include <nanobind/nanobind.h>

#include <string>

#include "trtyolo.hpp"

namespace trtyolo::python {

/// What Python said, for the library, and the part of it that the binding acts on itself.
struct Option {
  InferOption infer;
  bool onDevice = false;  // images are in the memory of the GPU `deviceId`
  int deviceId = 0;
};

/// @throws std::invalid_argument  there is no such precision; the message names those that there are
Precision precisionOf(const std::string& name);

/// Adds Option, whose setters have the names of the Python class InferOption's.
void bindOptions(nanobind::module_& module);

}  // namespace trtyolo::python
