#include "options.hpp"

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <utility>
#include <vector>

namespace trtyolo::python {

namespace nb = nanobind;

namespace {

// The value of that name; the names that there are, in the message, if there is none.
template <typename Value>
Value named(const char* what, const std::string& name, std::initializer_list<std::pair<const char*, Value>> values) {
  std::string names;
  for (const auto& [known, value] : values) {
    if (name == known) {
      return value;
    }
    names += std::string(names.empty() ? "'" : ", '") + known + '\'';
  }
  throw std::invalid_argument(std::string(what) + ": expected one of " + names + ", found '" + name + '\'');
}

Backend backendOf(const std::string& name) {
  return named<Backend>("set_backend", name,
                        {{"auto", Backend::Auto}, {"openvino", Backend::OpenVINO}, {"tensorrt", Backend::TensorRT}});
}

Task taskOf(const std::string& name) {
  return named<Task>("set_task", name,
                     {{"classify", Task::Classify},
                      {"detect", Task::Detect},
                      {"obb", Task::OBB},
                      {"segment", Task::Segment},
                      {"pose", Task::Pose}});
}

Layout layoutOf(const std::string& name) {
  return named<Layout>("set_layout", name,
                       {{"auto", Layout::Auto},
                        {"class_scores", Layout::ClassScores},
                        {"objectness", Layout::Objectness},
                        {"end_to_end", Layout::EndToEnd}});
}

}  // namespace

Precision precisionOf(const std::string& name) {
  return named<Precision>(
      "precision", name,
      {{"f32", Precision::F32}, {"f16", Precision::F16}, {"bf16", Precision::BF16}, {"auto", Precision::Auto}});
}

void bindOptions(nb::module_& module) {
  nb::class_<Option>(module, "Option", "What InferOption says, for the library.")
      .def(nb::init<>())
      .def("enable_swap_rb", [](Option& self) { self.infer.enableSwapRB(); })
      .def(
          "set_border_value", [](Option& self, float value) { self.infer.setBorderValue(value); }, nb::arg("value"))
      .def(
          "set_normalize_params",
          [](Option& self, const std::vector<float>& mean, const std::vector<float>& std) {
            self.infer.setNormalizeParams(mean, std);
          },
          nb::arg("mean"), nb::arg("std"))
      .def(
          "set_input_dimensions",
          [](Option& self, int width, int height) { self.infer.setInputDimensions(width, height); }, nb::arg("width"),
          nb::arg("height"))
      .def(
          "set_device_id",
          [](Option& self, int id) {
            self.infer.setDeviceId(id);
            self.deviceId = id;
          },
          nb::arg("id"))
      .def("enable_cuda_memory",
           [](Option& self) {
             self.infer.enableCudaMem();
             self.onDevice = true;
           })
      .def("enable_managed_memory", [](Option& self) { self.infer.enableManagedMemory(); })
      .def(
          "set_backend", [](Option& self, const std::string& name) { self.infer.setBackend(backendOf(name)); },
          nb::arg("backend"))
      .def(
          "set_precision", [](Option& self, const std::string& name) { self.infer.setPrecision(precisionOf(name)); },
          nb::arg("precision"))
      .def(
          "set_streams", [](Option& self, int streams) { self.infer.setStreams(streams); }, nb::arg("streams"))
      .def(
          "set_threads", [](Option& self, int threads) { self.infer.setThreads(threads); }, nb::arg("threads"))
      .def(
          "set_task", [](Option& self, const std::string& name) { self.infer.setTask(taskOf(name)); }, nb::arg("task"))
      .def(
          "set_names", [](Option& self, const std::vector<std::string>& names) { self.infer.setNames(names); },
          nb::arg("names"))
      .def(
          "set_layout", [](Option& self, const std::string& name) { self.infer.setLayout(layoutOf(name)); },
          nb::arg("layout"))
      .def(
          "set_network_size", [](Option& self, int width, int height) { self.infer.setNetworkSize(width, height); },
          nb::arg("width"), nb::arg("height"))
      .def(
          "set_rect", [](Option& self, bool rect) { self.infer.setRect(rect); }, nb::arg("rect"))
      .def(
          "set_batch", [](Option& self, int batch) { self.infer.setBatch(batch); }, nb::arg("batch"))
      .def(
          "set_confidence", [](Option& self, float threshold) { self.infer.setConfidence(threshold); },
          nb::arg("threshold"))
      .def(
          "set_iou", [](Option& self, float threshold) { self.infer.setIou(threshold); }, nb::arg("threshold"))
      .def(
          "set_max_detections", [](Option& self, int most) { self.infer.setMaxDetections(most); }, nb::arg("most"))
      .def(
          "set_classes", [](Option& self, const std::vector<int>& classes) { self.infer.setClasses(classes); },
          nb::arg("classes"))
      .def(
          "set_agnostic", [](Option& self, bool agnostic) { self.infer.setAgnostic(agnostic); }, nb::arg("agnostic"))
      .def(
          "set_top_k", [](Option& self, int classes) { self.infer.setTopK(classes); }, nb::arg("classes"))
      .def(
          "set_retina_masks", [](Option& self, bool retina) { self.infer.setRetinaMasks(retina); }, nb::arg("retina"))
      .def("enable_performance_report", [](Option& self) { self.infer.enablePerformanceReport(); });
}

}  // namespace trtyolo::python
