#include "errors.hpp"

#include <array>
#include <new>
#include <stdexcept>
#include <string>

#include "bindings.hpp"
#include "text.hpp"
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
  return classOf(
      "errors", nameOf<ModelError, BusyError, InferenceError, DeviceError, DecodeError, QueueFullError, DeadlineError,
                       CancelledError, ClosedError>(
                    error, {"ModelError", "BusyError", "InferenceError", "DeviceError", "DecodeError", "QueueFullError",
                            "DeadlineError", "CancelledError", "ClosedError", "Error"}))(std::string(error.what()));
}

// The error that Python has raised, or is about to.
nb::object takenError() {
  return nb::borrow(nb::python_error().value());
}

nb::object instanceFor(const std::exception_ptr& exception) {
  const auto make = [](PyObject* type, const std::exception& error) {
    return nb::borrow(type)(std::string(error.what()));
  };
  try {
    std::rethrow_exception(exception);
  } catch (const nb::python_error& error) {
    return nb::borrow(error.value());
  } catch (const Error& error) {
    return pythonError(error);
  } catch (const std::bad_alloc&) {
    PyErr_NoMemory();
    return takenError();
  } catch (const std::invalid_argument& error) {
    return make(PyExc_ValueError, error);
  } catch (const std::length_error& error) {
    return make(PyExc_ValueError, error);
  } catch (const std::out_of_range& error) {
    return make(PyExc_IndexError, error);
  } catch (const std::exception& error) {
    return make(PyExc_RuntimeError, error);
  } catch (...) {
    return nb::borrow(PyExc_RuntimeError)("an exception of an unknown type");
  }
}

}  // namespace

nb::object classOf(const char* module, const char* name) {
  return nb::module_::import_((std::string("tensorrt_yolo.") + module).c_str()).attr(name);
}

nb::object errorOf(const std::exception_ptr& exception) {
  try {
    return instanceFor(exception);
  } catch (const std::exception&) {  // there is no memory for it, say: that is the error then
    return instanceFor(std::current_exception());
  }
}

void bindErrors(nb::module_&) {
  nb::register_exception_translator([](const std::exception_ptr& exception, void*) {
    const nb::object raised = errorOf(exception);
    PyErr_SetObject(raised.type().ptr(), raised.ptr());
  });
}

}  // namespace trtyolo::python
