// Self-tests of model files.
#include <nanobind/stl/map.h>
#include <nanobind/stl/vector.h>

#include <string>

#include "bindings.hpp"
#include "errors.hpp"
#include "images.hpp"
#include "models.hpp"
#include "text.hpp"
#include "trtyolo.hpp"
#include "unlocked.hpp"

namespace trtyolo::python {

namespace nb = nanobind;

namespace {

nb::object pythonReport(const SelfTestReport& report) {
  const nb::object kind = classOf("self_test", "SelfTestImage");
  nb::list images;
  for (const SelfTestImage& image : report.images) {
    images.append(kind(image.width, image.height, image.expected, image.found, image.difference, image.passed));
  }
  return classOf("self_test", "SelfTestReport")(toString(report.verdict), report.message, nb::tuple(images),
                                                report.tolerance, report.there, report.here, report.reference,
                                                report.seconds);
}

// The option is a copy: another thread may change it meanwhile.
nb::object add(const std::string& file, const std::string& reference, const nb::list& images, InferOption option) {
  claimProcess();
  HeldImages held({});
  held.addAll(images);
  return pythonReport(unlocked([&] {
    held.copyScattered();
    return addSelfTest(file, reference, held.images(), option);
  }));
}

nb::object check(const std::string& file, InferOption option) {
  claimProcess();
  return pythonReport(unlocked([&] { return checkSelfTest(file, option); }));
}

}  // namespace

void bindSelfTests(nb::module_& module) {
  module.def("add_self_test", &add, nb::arg("file"), nb::arg("reference"), nb::arg("images"), nb::arg("option"));
  module.def("check_self_test", &check, nb::arg("file"), nb::arg("option"));
  module.def("remove_self_test", &removeSelfTest, nb::arg("file"));
}

}  // namespace trtyolo::python
