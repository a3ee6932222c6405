#include "models.hpp"

#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/unique_ptr.h>
#include <nanobind/stl/vector.h>

#include <type_traits>
#include <utility>

#include "bindings.hpp"
#include "errors.hpp"
#include "text.hpp"

namespace trtyolo::python {

namespace nb = nanobind;

namespace {

constexpr const char* kInstead =
    "; start processes by multiprocessing's 'spawn' or 'forkserver', or before the first model is loaded";

// A model of a task that is known at run time only.
class ModelOfTask : public Model {
 public:
  ModelOfTask(const std::string& file, const InferOption& option, std::optional<Task> task)
      : Model(file, option, task) {}
};

nb::tuple pythonTensors(const std::vector<TensorInfo>& tensors) {
  const nb::object kind = classOf("info", "TensorInfo");
  nb::list list;
  for (const TensorInfo& tensor : tensors) {
    list.append(kind(tensor.name, tensor.type, nb::tuple(nb::cast(tensor.shape))));
  }
  return nb::tuple(list);
}

nb::object timingOf(const HeldModel& self) {
  const Timing timing = self.use()->timing();
  return classOf("info", "Timing")(timing.calls, timing.total, timing.preprocess, timing.inference, timing.postprocess);
}

nb::object memoryOf(const HeldModel& self) {
  const MemoryUse use = self.use()->memory();
  return classOf("info", "MemoryUse")(use.engine, use.contexts, use.scratch, use.buffers, use.pinned, use.executors);
}

nb::object measureNetwork(const HeldModel& self, int requests, double seconds) {
  const std::shared_ptr<Model> model = self.use();
  const NetworkSpeed speed = unlocked([&] { return model->measureNetwork(requests, seconds); });
  return classOf("info", "NetworkSpeed")(speed.seconds, speed.latencies);
}

template <typename Value>
auto setter(void (Model::*set)(Value)) {
  return [set](const HeldModel& self, const std::decay_t<Value>& value) { (self.use().get()->*set)(value); };
}

}  // namespace

nb::object pythonInfo(const ModelInfo& info) {
  return classOf("info", "ModelInfo")(info.file, info.fileBytes, toString(info.task), dictOf(info.names),
                                      pythonTensors(info.inputs), pythonTensors(info.outputs), info.networkWidth,
                                      info.networkHeight, info.stride, info.batch, info.keypoints, info.keypointDims,
                                      info.dynamicBatch, info.dynamicSize, info.backend, info.device, info.precision,
                                      info.layout, info.head, info.family, info.evidence, info.metadata, info.selfTest);
}

void claimProcess() {
  static pid_t claimed = 0;  // for who holds the interpreter lock
  if (!claimed) {
    claimed = getpid();
    nb::module_::import_("tensorrt_yolo.log").attr("start")();
  } else if (claimed != getpid()) {
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

HeldModel::HeldModel(std::string file, const InferOption& option, int deviceId, const std::string& task,
                     nb::object resultType)
    : loaded_{std::move(file), {}, {}, std::nullopt} {
  claimProcess();
  const std::optional<Task> wanted = task.empty() ? std::nullopt : std::optional(taskOf(task));
  InferOption copy = option;  // another thread may change the option meanwhile
  copy.setImageDecoder(imageDecoder());
  model_ = {unlocked([&] { return new ModelOfTask(loaded_.file, copy, wanted); }), Destroyer()};
  loaded_.kind.emplace(std::move(resultType), model_->info());
  if (model_->info().backend == "tensorrt") {
    loaded_.gpus = {deviceId};
  }
}

std::unique_ptr<HeldModel> HeldModel::clone() const {
  const std::shared_ptr<Model> model = use();
  return std::unique_ptr<HeldModel>(new HeldModel(loaded_, unlocked([&] { return model->clone(); })));
}

std::shared_ptr<Model> HeldModel::use() const {
  if (!model_) {
    throw Error("this model of '" + loaded_.file + "' is closed");
  }
  loaded_.process.check("model", loaded_.file);
  return model_;
}

void bindModels(nb::module_& module) {
  nb::class_<HeldModel>(module, "Model", "A model of any task.")
      .def(nb::init<std::string, const InferOption&, int, const std::string&, nb::object>(), nb::arg("file"),
           nb::arg("option"), nb::arg("device_id"), nb::arg("task"), nb::arg("result_type"))
      .def("clone", &HeldModel::clone)
      .def("close", &HeldModel::close)
      .def_prop_ro("is_closed", &HeldModel::isClosed)
      .def(
          "predict",
          [](const HeldModel& self, const nb::list& images, const SliceOption* slices) {
            const std::shared_ptr<Model> model = self.use();
            return predict(*model, self.loaded(), images, slices);
          },
          nb::arg("images"), nb::arg("slices").none())
      .def(
          "predict_crops",
          [](const HeldModel& self, nb::handle image, nb::handle found, float margin) {
            const std::shared_ptr<Model> model = self.use();
            return predictCrops(*model, self.loaded(), image, found, margin);
          },
          nb::arg("image"), nb::arg("found"), nb::arg("margin"))
      .def("batch", [](const HeldModel& self) { return self.use()->batch(); })
      .def("info", [](const HeldModel& self) { return pythonInfo(self.use()->info()); })
      .def(
          "csv_header",
          [](const HeldModel& self, bool times, bool tracks) { return csvHeader(self.use()->info(), times, tracks); },
          nb::arg("times") = false, nb::arg("tracks") = false)
      .def("set_confidence", setter(&Model::setConfidence))
      .def("set_iou", setter(&Model::setIou))
      .def("set_max_detections", setter(&Model::setMaxDetections))
      .def("set_classes", setter(&Model::setClasses))
      .def("set_agnostic", setter(&Model::setAgnostic))
      .def("set_top_k", setter(&Model::setTopK))
      .def("set_retina_masks", setter(&Model::setRetinaMasks))
      .def("performance_report", [](const HeldModel& self) { return self.use()->performanceReport(); })
      .def("timing", &timingOf)
      .def("memory", &memoryOf)
      .def("measure_network", &measureNetwork, nb::arg("requests"), nb::arg("seconds"));
}

}  // namespace trtyolo::python
