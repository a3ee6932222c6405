#include <nanobind/stl/vector.h>

#include <string>
#include <type_traits>
#include <vector>

#include "bindings.hpp"
#include "text.hpp"
#include "trtyolo.hpp"

namespace trtyolo::python {

namespace nb = nanobind;

namespace {

// A setter whose value Python says by name.
template <typename Value>
auto byName(InferOption& (InferOption::*set)(Value), Value (*valueOf)(const std::string&)) {
  return [=](InferOption& self, const std::string& name) { (self.*set)(valueOf(name)); };
}

template <typename... Values>
auto setter(InferOption& (InferOption::*set)(Values...)) {
  return [set](InferOption& self, const std::decay_t<Values>&... values) { (self.*set)(values...); };
}

}  // namespace

void bindOptions(nb::module_& module) {
  nb::class_<InferOption>(module, "Option", "What InferOption says, for the library.")
      .def(nb::init<>())
      .def("enable_swap_rb", setter(&InferOption::enableSwapRB))
      .def("set_bgr_network", setter(&InferOption::setBgrNetwork))
      .def("set_pixel_scale", setter(&InferOption::setPixelScale))
      .def("set_letterbox", byName(&InferOption::setLetterbox, &letterboxModeOf))
      .def("set_border_value", setter(&InferOption::setBorderValue))
      .def("set_normalize_params", setter(&InferOption::setNormalizeParams))
      .def("set_input_dimensions", setter(&InferOption::setInputDimensions))
      .def("set_fast_decode", setter(&InferOption::setFastDecode))
      .def("set_device_id", setter(&InferOption::setDeviceId))
      .def("enable_cuda_memory", setter(&InferOption::enableCudaMem))
      .def("enable_managed_memory", setter(&InferOption::enableManagedMemory))
      .def("set_backend", byName(&InferOption::setBackend, &backendOf))
      .def("set_precision", byName(&InferOption::setPrecision, &precisionOf))
      .def("set_plugin_libraries", setter(&InferOption::setPluginLibraries))
      .def("set_streams", setter(&InferOption::setStreams))
      .def("set_threads", setter(&InferOption::setThreads))
      .def("set_self_test", byName(&InferOption::setSelfTest, &selfTestOf))
      .def("set_task", byName(&InferOption::setTask, &taskOf))
      .def("set_names", setter(&InferOption::setNames))
      .def("set_layout", byName(&InferOption::setLayout, &trtyolo::layoutOf))
      .def("set_family", setter(&InferOption::setFamily))
      .def("set_head", byName(&InferOption::setHead, &headModeOf))
      .def("set_network_size", setter(&InferOption::setNetworkSize))
      .def("set_rect", setter(&InferOption::setRect))
      .def("set_batch", setter(&InferOption::setBatch))
      .def("set_confidence", setter(&InferOption::setConfidence))
      .def("set_iou", setter(&InferOption::setIou))
      .def("set_max_detections", setter(&InferOption::setMaxDetections))
      .def("set_classes", setter(&InferOption::setClasses))
      .def("set_agnostic", setter(&InferOption::setAgnostic))
      .def("set_top_k", setter(&InferOption::setTopK))
      .def("set_retina_masks", setter(&InferOption::setRetinaMasks))
      .def("enable_performance_report", setter(&InferOption::enablePerformanceReport));
}

}  // namespace trtyolo::python
