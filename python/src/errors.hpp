// Exceptions of the library as Python's, and the classes that the package defines in Python.
#pragma once

#include <nanobind/nanobind.h>

#include <exception>

namespace trtyolo::python {

/// A class of the package: classOf("errors", "ModelError") is tensorrt_yolo.errors.ModelError.
nanobind::object classOf(const char* module, const char* name);

/// For who holds the interpreter lock: an instance of the class in errors.py that stands for it; of other exceptions
/// MemoryError, ValueError, IndexError, or RuntimeError, and what Python raised as it is. If the instance cannot be
/// made, it is the error that says why.
nanobind::object errorOf(const std::exception_ptr& exception);

}  // namespace trtyolo::python
