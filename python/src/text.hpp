// Text between Python and the library, whose texts (paths, names of classes, messages) may be any bytes.
#pragma once

#include <nanobind/nanobind.h>

#include <exception>
#include <string>

namespace trtyolo::python {

/// `text` for people: what is not UTF-8 is written out, as in "caf\xc3".
nanobind::str printable(const std::string& text);

/// A str as such a text, in UTF-8: what it cannot say is written out. Of another object, what str() says of it.
/// @throws nanobind::python_error  str() raises
std::string printed(nanobind::handle object);

}  // namespace trtyolo::python

namespace nanobind::detail {

/// In place of nanobind's own (nanobind/stl/string.h), which refuses what is not UTF-8: such bytes are lone surrogates
/// in Python, as its "surrogateescape" has them, and bytes again on the way back. A bytes object is taken as it is.
template <>
struct type_caster<std::string> {
  NB_TYPE_CASTER(std::string, const_name("str"))

  bool from_python(handle source, std::uint32_t, cleanup_list*) noexcept {
    object bytes = borrow(source);
    if (PyUnicode_Check(source.ptr())) {
      bytes = steal(PyUnicode_AsEncodedString(source.ptr(), "utf-8", "surrogateescape"));
    }
    char* data = nullptr;
    Py_ssize_t size = 0;
    if (!bytes.is_valid() || !PyBytes_Check(bytes.ptr()) || PyBytes_AsStringAndSize(bytes.ptr(), &data, &size) != 0) {
      PyErr_Clear();
      return false;
    }
    try {
      value.assign(data, static_cast<std::size_t>(size));
    } catch (const std::exception&) {  // there is no memory for it
      return false;
    }
    return true;
  }

  static handle from_cpp(const std::string& text, rv_policy, cleanup_list*) noexcept {
    return PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "surrogateescape");
  }
};

}  // namespace nanobind::detail
