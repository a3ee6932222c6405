#include "errors.hpp"

#include <array>
#include <stdexcept>
#include <string>

#include "bindings.hpp"
#include "trtyolo.hpp"

namespace trtyolo::python {
namespace {

namespace nb = nanobind;

// The name of the class in errors.py that stands for the error: the first of these kinds that it is.
template <typename... Kinds>
const char* nameOf(const Error& error, const std::array<const char*, sizeof...(Kinds) + 1>& names) {
  std::size_t kind = 0;
  static_cast<void>(((dynamic_cast<const Kinds*>(&error) || (++kind, false)) || ...));
  return names.at(kind);
}

nb::object pythonError(const Error& error) {
  return classOf("errors", nameOf<ModelError, BusyError, InferenceError, DeviceError, QueueFullError, DeadlineError,
                                  CancelledError, ClosedError>(
                               error, {"ModelError", "BusyError", "InferenceError", "DeviceError", "QueueFullError",
                                       "DeadlineError", "CancelledError", "ClosedError", "Error"}))(error.what());
}

}  // namespace

nb::object classOf(const char* module, const char* name) {
  return nb::module_::import_((std::string("tensorrt_yolo.") + module).c_str()).attr(name);
}

nb::object errorOf(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const Error& error) {
    return pythonError(error);
  } catch (const std::invalid_argument& error) {
    return nb::borrow(PyExc_ValueError)(error.what());
  } catch (const std::exception& error) {
    return nb::borrow(PyExc_RuntimeError)(error.what());
  }
}

void bindErrors(nb::module_&) {
  nb::register_exception_translator([](const std::exception_ptr& exception, void*) {
    try {
      std::rethrow_exception(exception);
    } catch (const Error& error) {
      const nb::object raised = pythonError(error);
      PyErr_SetObject(raised.type().ptr(), raised.ptr());
    }
  });
}

}  // namespace trtyolo::python
