#include "text.hpp"

namespace trtyolo::python {

namespace nb = nanobind;

nb::str printable(const std::string& text) {
  PyObject* str = PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "backslashreplace");
  if (!str) {
    throw nb::python_error();
  }
  return nb::steal<nb::str>(str);
}

std::string printed(nb::handle object) {
  const nb::str str(object);
  const auto bytes = nb::steal<nb::bytes>(PyUnicode_AsEncodedString(str.ptr(), "utf-8", "backslashreplace"));
  if (!bytes.is_valid()) {
    throw nb::python_error();
  }
  return {bytes.c_str(), bytes.size()};
}

}  // namespace trtyolo::python
