#include "models.hpp"

#include <nanobind/stl/map.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/unique_ptr.h>
#include <nanobind/stl/vector.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "held_model.hpp"

namespace trtyolo::python {

namespace nb = nanobind;

namespace {

constexpr const char* kInstead =
    "; start processes by multiprocessing's 'spawn' or 'forkserver', or before the first model is loaded";

// The class of one model; what a task has beside the others is added by the caller.
template <typename Model>
nb::class_<HeldModel<Model>> bindModel(nb::module_& module, const char* name) {
  using Held = HeldModel<Model>;
  return nb::class_<Held>(module, name)
      .def(nb::init<std::string, const Option&>(), nb::arg("file"), nb::arg("option"))
      .def("clone", &Held::clone)
      .def("close", &Held::close)
      .def_prop_ro("is_closed", &Held::isClosed)
      .def("predict", &Held::predict, nb::arg("image"))
      .def("predict_all", &Held::predictAll, nb::arg("images"))
      .def("batch", [](const Held& self) { return self.use()->batch(); })
      .def("info", [](const Held& self) { return dictOf(self.use()->info()); })
      .def(
          "set_confidence", [](const Held& self, float threshold) { self.use()->setConfidence(threshold); },
          nb::arg("threshold"))
      .def(
          "set_iou", [](const Held& self, float threshold) { self.use()->setIou(threshold); }, nb::arg("threshold"))
      .def(
          "set_max_detections", [](const Held& self, int most) { self.use()->setMaxDetections(most); }, nb::arg("most"))
      .def(
          "set_classes", [](const Held& self, const std::vector<int>& classes) { self.use()->setClasses(classes); },
          nb::arg("classes"))
      .def(
          "set_agnostic", [](const Held& self, bool agnostic) { self.use()->setAgnostic(agnostic); },
          nb::arg("agnostic"))
      .def("performance_report", [](const Held& self) { return self.use()->performanceReport(); })
      .def("timing", &Held::timing)
      .def("memory", &Held::memory)
      .def("measure_network", &Held::measureNetwork, nb::arg("requests"), nb::arg("seconds"));
}

nb::list listOf(const std::vector<TensorInfo>& tensors) {
  nb::list list;
  for (const TensorInfo& tensor : tensors) {
    list.append(nb::make_tuple(tensor.name, tensor.type, nb::tuple(nb::cast(tensor.shape))));
  }
  return list;
}

}  // namespace

nb::dict dictOf(const ModelInfo& info) {
  nb::dict dict;
  dict["file"] = info.file;
  dict["file_bytes"] = info.fileBytes;
  dict["task"] = toString(info.task);
  dict["names"] = info.names;
  dict["inputs"] = listOf(info.inputs);
  dict["outputs"] = listOf(info.outputs);
  dict["network_width"] = info.networkWidth;
  dict["network_height"] = info.networkHeight;
  dict["stride"] = info.stride;
  dict["batch"] = info.batch;
  dict["keypoints"] = info.keypoints;
  dict["keypoint_dims"] = info.keypointDims;
  dict["dynamic_batch"] = info.dynamicBatch;
  dict["dynamic_size"] = info.dynamicSize;
  dict["backend"] = info.backend;
  dict["device"] = info.device;
  dict["precision"] = info.precision;
  dict["layout"] = info.layout;
  dict["metadata"] = info.metadata;
  return dict;
}

void claimProcess() {
  static const pid_t claimed = getpid();
  if (claimed != getpid()) {
    throw Error("this process (" + std::to_string(getpid()) + ") was forked from one that has loaded models (" +
                std::to_string(claimed) + "), and can load none" + kInstead);
  }
}

void BirthProcess::check(const char* what, const std::string& file) const {
  if (!isThis()) {
    throw Error("this " + std::string(what) + " of '" + file + "' was made in the process " + std::to_string(id_) +
                " and cannot be used in its forked child " + std::to_string(getpid()) + kInstead);
  }
}

void bindModels(nb::module_& module) {
  bindModel<ClassifyModel>(module, "ClassifyModel")
      .def(
          "set_top_k", [](const HeldModel<ClassifyModel>& self, int classes) { self.use()->setTopK(classes); },
          nb::arg("classes"));
  bindModel<DetectModel>(module, "DetectModel");
  bindModel<OBBModel>(module, "OBBModel");
  bindModel<SegmentModel>(module, "SegmentModel")
      .def(
          "set_retina_masks",
          [](const HeldModel<SegmentModel>& self, bool retina) { self.use()->setRetinaMasks(retina); },
          nb::arg("retina"));
  bindModel<PoseModel>(module, "PoseModel");
}

}  // namespace trtyolo::python
