// Exceptions of the library as Python's.
#pragma once

#include <nanobind/nanobind.h>

#include <exception>

namespace trtyolo::python {

/// For who holds the interpreter lock: an instance of the class in errors.py that stands for it, ValueError for
/// std::invalid_argument, and RuntimeError for what is not the library's.
nanobind::object errorOf(const std::exception_ptr& exception);

/// Lets what the library throws reach Python.
void bindErrors(nanobind::module_& module);

}  // namespace trtyolo::python
