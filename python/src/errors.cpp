#include "errors.hpp"

#include <stdexcept>
#include <string>
#include <utility>

#include "trtyolo.hpp"
#include "trtyolo/pool.hpp"

namespace trtyolo::python {
namespace {

namespace nb = nanobind;

// The Python class is defined in the package (errors.py).
nb::object classOf(const char* name) {
  static const nb::handle module = nb::module_::import_("tensorrt_yolo.errors").release();
  return module.attr(name);
}

// A class and a message for Error and what is derived from it; anything else is thrown on.
std::pair<nb::object, std::string> ownErrorOf(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const ModelError& error) {
    return {classOf("ModelError"), error.what()};
  } catch (const BusyError& error) {
    return {classOf("BusyError"), error.what()};
  } catch (const InferenceError& error) {
    return {classOf("InferenceError"), error.what()};
  } catch (const DeviceError& error) {
    return {classOf("DeviceError"), error.what()};
  } catch (const QueueFullError& error) {
    return {classOf("QueueFullError"), error.what()};
  } catch (const DeadlineError& error) {
    return {classOf("DeadlineError"), error.what()};
  } catch (const CancelledError& error) {
    return {nb::module_::import_("concurrent.futures").attr("CancelledError"), error.what()};
  } catch (const ClosedError& error) {
    return {classOf("ClosedError"), error.what()};
  } catch (const Error& error) {
    return {classOf("Error"), error.what()};
  }
}

void raiseError(const std::exception_ptr& exception, void*) {
  const auto [kind, message] = ownErrorOf(exception);
  PyErr_SetString(kind.ptr(), message.c_str());
}

}  // namespace

nb::object errorOf(const std::exception_ptr& exception) {
  try {
    const auto [kind, message] = ownErrorOf(exception);
    return kind(message.c_str());
  } catch (const std::invalid_argument& error) {
    return nb::borrow(PyExc_ValueError)(error.what());
  } catch (const std::exception& error) {
    return nb::borrow(PyExc_RuntimeError)(error.what());
  }
}

void bindErrors(nb::module_&) {
  nb::register_exception_translator(&raiseError);
}

}  // namespace trtyolo::python
