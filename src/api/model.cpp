// The public models: checks, and the way from images to the engine's context.
#include <atomic>
#include <chrono>
#include <filesystem>
#include <mutex>
#include <optional>
#include <utility>

#include "api/image_check.hpp"
#include "api/model_parts.hpp"
#include "api/option.hpp"
#include "api/performance.hpp"
#include "api/results.hpp"
#include "model/onnx_file.hpp"
#include "runtime/engine.hpp"
#include "runtime/engine_family.hpp"
#include "runtime/file_kind.hpp"
#include "runtime/trace.hpp"

namespace trtyolo {

class BaseModel::Impl {
 public:
  Impl(std::shared_ptr<const Engine> engine, std::shared_ptr<EngineFamily> family, std::optional<Size> sourceSize,
       Thresholds thresholds, bool measure)
      : engine_(std::move(engine)),
        family_(std::move(family)),
        context_(engine_->createContext()),
        sourceSize_(sourceSize),
        thresholds_(std::move(thresholds)),
        log_(measure ? std::make_unique<PerformanceLog>() : nullptr) {}

  std::unique_ptr<Impl> clone() const { return cloneOn(engine_); }

  std::unique_ptr<Impl> clone(int gpu) const {
    if (!engine_->gpu()) {
      throw DeviceError("'" + info().file + "': a clone on GPU " + std::to_string(gpu) +
                        " was asked for, but this model runs on the CPU (" + info().device +
                        "); clone() without a number makes a clone there");
    }
    return cloneOn(family_->on(gpu));
  }

  const ModelInfo& info() const { return engine_->description().info; }
  const Engine& engine() const { return *engine_; }
  ModelParts parts() const { return {engine_, sourceSize_, thresholds()}; }

  Thresholds thresholds() const {
    const std::lock_guard lock(mutex_);
    return thresholds_;
  }
  template <typename Change>
  void changeThresholds(Change change) {
    const std::lock_guard lock(mutex_);
    change(thresholds_);
  }

  std::vector<Prediction> predict(const Image* images, std::size_t count) {
    const InUse inUse(*this);
    const TraceRange range("predict");
    const auto start = std::chrono::steady_clock::now();
    std::vector<ImageView> views;
    std::vector<Letterbox> letterboxes;
    views.reserve(count);
    letterboxes.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      views.push_back(checkedView(images[i], sourceSize_, count == 1 ? std::nullopt : std::optional(i)));
      letterboxes.push_back(engine_->description().fit(views.back().size));
    }
    const Thresholds wanted = thresholds();
    std::vector<Prediction> results(count);
    RunTimes times;
    for (std::size_t begin = 0, end = 0; begin < count; begin = end) {
      end = groupEnd(letterboxes, begin);
      const std::size_t size = end - begin;
      const RunTimes run =
          context_->predict({&views[begin], size}, {&letterboxes[begin], size}, wanted, {&results[begin], size});
      times.before += run.before;
      times.network += run.network;
      times.after += run.after;
    }
    if (log_ && count > 0) {
      const std::chrono::duration<double, std::milli> host = std::chrono::steady_clock::now() - start;
      log_->add(static_cast<int>(count), host.count(), times);
    }
    return results;
  }

  const PerformanceLog& log(const char* asked) const {
    if (!log_) {
      throw Error(std::string(asked) +
                  ": nothing was collected; call InferOption::enablePerformanceReport() before the model is made");
    }
    return *log_;
  }

 private:
  std::unique_ptr<Impl> cloneOn(std::shared_ptr<const Engine> engine) const {
    return std::make_unique<Impl>(std::move(engine), family_, sourceSize_, thresholds(), log_ != nullptr);
  }

  // Marks the model as being in predict(), or says that it is already.
  class InUse {
   public:
    explicit InUse(Impl& model) : model_(model) {
      if (model_.inUse_.exchange(true, std::memory_order_acquire)) {
        throw BusyError("predict: another thread is using this model of '" + model_.info().file +
                        "'; give each thread its own clone()");
      }
    }
    ~InUse() { model_.inUse_.store(false, std::memory_order_release); }
    InUse(const InUse&) = delete;
    InUse& operator=(const InUse&) = delete;

   private:
    Impl& model_;
  };

  // Behind the last image that can go into one run with the image at `begin`.
  std::size_t groupEnd(const std::vector<Letterbox>& letterboxes, std::size_t begin) const {
    const std::size_t most = static_cast<std::size_t>(info().batch);
    std::size_t end = begin + 1;
    while (end < letterboxes.size() && end - begin < most && letterboxes[end].network == letterboxes[begin].network) {
      ++end;
    }
    return end;
  }

  std::shared_ptr<const Engine> engine_;
  std::shared_ptr<EngineFamily> family_;
  std::unique_ptr<Context> context_;
  std::optional<Size> sourceSize_;
  mutable std::mutex mutex_;  // of the thresholds
  Thresholds thresholds_;
  std::unique_ptr<PerformanceLog> log_;
  std::atomic<bool> inUse_ = false;
};

namespace {

void checkClasses(const std::vector<int>& sorted, const ModelInfo& info) {
  if (sorted.empty() || info.names.empty()) {
    return;  // a network that suppresses by itself may have classes that nobody counted
  }
  const int classes = info.names.rbegin()->first + 1;
  if (sorted.back() >= classes) {
    throw std::invalid_argument("setClasses: '" + info.file + "' has classes 0 to " + std::to_string(classes - 1) +
                                ", found " + std::to_string(sorted.back()));
  }
}

DescriptionCheck checkFor(Task task, const char* model, const InferOption& option) {
  return [task, model, classes = option.impl().thresholds.classes.value_or(std::vector<int>())](
             const ModelDescription& description) {
    if (description.info.task != task) {
      throw ModelError("'" + description.info.file + "': " + model + " needs a model for the task '" + toString(task) +
                       "', this one's is '" + toString(description.info.task) + "'");
    }
    checkClasses(classes, description.info);
  };
}

// The file and, of an ONNX file, those beside it that hold weights.
std::vector<ModelFile> filesOf(const std::string& file) {
  std::vector<ModelFile> files{openModelFile(file)};
  if (files.front().kind == FileKind::OnnxOrUnknown) {
    for (const std::string& name : externalFiles(readModelFile(file))) {
      files.push_back(openModelFile((std::filesystem::path(file).parent_path() / name).string()));
    }
  }
  return files;
}

// The engine of `file` on another GPU, if it and what belongs to it is what it was when it was `seen`.
std::shared_ptr<const Engine> loadOn(int gpu, const std::string& file, const std::vector<ModelFile>& seen,
                                     EngineOptions options, const DescriptionCheck& check) {
  options.deviceId = gpu;
  options.backend = Backend::TensorRT;
  try {
    if (filesOf(file) != seen) {
      throw ModelError("'" + file + "': the file is not the one any more that this model was loaded from");
    }
    return loadEngine(file, options, check);
  } catch (const ModelError& error) {
    throw ModelError(std::string(error.what()) + "; the first clone on GPU " + std::to_string(gpu) +
                     " needs it once more");
  }
}

template <typename Result>
std::vector<Result> resultsOf(std::vector<Prediction>&& predictions) {
  std::vector<Result> results(predictions.size());
  for (std::size_t i = 0; i < results.size(); ++i) {
    fill(results[i], std::move(predictions[i]));
  }
  return results;
}

template <typename Impl>
std::unique_ptr<Impl> load(Task task, const char* model, const std::string& file, const InferOption& option) {
  const InferOption::Impl& said = option.impl();
  const DescriptionCheck check = checkFor(task, model, option);
  auto engine = loadEngine(file, said.engine, check);
  const std::vector<ModelFile> seen = engine->gpu() ? filesOf(file) : std::vector<ModelFile>();
  auto family = std::make_shared<EngineFamily>(
      engine, [file, seen, options = said.engine, check](int gpu) { return loadOn(gpu, file, seen, options, check); });
  Thresholds thresholds = said.thresholds.over(engine->description().thresholds);
  return std::make_unique<Impl>(std::move(engine), std::move(family), said.sourceSize, std::move(thresholds),
                                said.performanceReport);
}

}  // namespace

ModelParts partsOf(const BaseModel::Impl& model) {
  return model.parts();
}

BaseModel::BaseModel(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
BaseModel::~BaseModel() = default;
BaseModel::BaseModel(BaseModel&&) noexcept = default;
BaseModel& BaseModel::operator=(BaseModel&&) noexcept = default;

BaseModel::Impl& BaseModel::impl() const {
  if (!impl_) {
    throw Error("this model was moved from; only the model that it was moved to can be used");
  }
  return *impl_;
}

int BaseModel::batch() const {
  return info().batch;
}

const ModelInfo& BaseModel::info() const {
  return impl().info();
}

void BaseModel::setConfidence(float threshold) {
  Thresholds::checkedFraction("setConfidence: the threshold", threshold);
  impl().changeThresholds([&](Thresholds& thresholds) { thresholds.confidence = threshold; });
}

void BaseModel::setIou(float threshold) {
  Thresholds::checkedFraction("setIou: the threshold", threshold);
  impl().changeThresholds([&](Thresholds& thresholds) { thresholds.iou = threshold; });
}

void BaseModel::setMaxDetections(int most) {
  Thresholds::checkedCount("setMaxDetections: the number", most);
  impl().changeThresholds([&](Thresholds& thresholds) { thresholds.maxDetections = most; });
}

void BaseModel::setClasses(const std::vector<int>& classes) {
  std::vector<int> sorted = Thresholds::checkedClasses(classes);
  checkClasses(sorted, info());
  impl().changeThresholds([&](Thresholds& thresholds) { thresholds.classes = std::move(sorted); });
}

void BaseModel::setAgnostic(bool agnostic) {
  impl().changeThresholds([&](Thresholds& thresholds) { thresholds.agnostic = agnostic; });
}

std::tuple<std::string, std::string, std::string> BaseModel::performanceReport() const {
  return impl().log("performanceReport").report();
}

Timing BaseModel::timing() const {
  return impl().log("timing").timing();
}

MemoryUse BaseModel::memory() const {
  return impl().engine().memory();
}

NetworkSpeed BaseModel::measureNetwork(int requests, double seconds) const {
  Thresholds::checkedCount("measureNetwork: the number of requests", requests);
  if (!(seconds > 0)) {
    throw std::invalid_argument("measureNetwork: the time must be more than 0 seconds, found " +
                                std::to_string(seconds));
  }
  return impl().engine().measureNetwork(requests, seconds);
}

ClassifyModel::ClassifyModel(const std::string& file, const InferOption& option)
    : BaseModel(load<Impl>(Task::Classify, "ClassifyModel", file, option)) {}

ClassifyModel::ClassifyModel(std::unique_ptr<Impl> impl) : BaseModel(std::move(impl)) {}

std::unique_ptr<ClassifyModel> ClassifyModel::clone() const {
  return std::unique_ptr<ClassifyModel>(new ClassifyModel(impl().clone()));
}

std::unique_ptr<ClassifyModel> ClassifyModel::clone(int deviceId) const {
  return std::unique_ptr<ClassifyModel>(new ClassifyModel(impl().clone(deviceId)));
}

ClsResult ClassifyModel::predict(const Image& image) {
  return std::move(resultsOf<ClsResult>(impl().predict(&image, 1)).front());
}

std::vector<ClsResult> ClassifyModel::predict(const std::vector<Image>& images) {
  return resultsOf<ClsResult>(impl().predict(images.data(), images.size()));
}

void ClassifyModel::setTopK(int classes) {
  Thresholds::checkedCount("setTopK: the number of classes", classes);
  impl().changeThresholds([&](Thresholds& thresholds) { thresholds.topK = classes; });
}

DetectModel::DetectModel(const std::string& file, const InferOption& option)
    : BaseModel(load<Impl>(Task::Detect, "DetectModel", file, option)) {}

DetectModel::DetectModel(std::unique_ptr<Impl> impl) : BaseModel(std::move(impl)) {}

std::unique_ptr<DetectModel> DetectModel::clone() const {
  return std::unique_ptr<DetectModel>(new DetectModel(impl().clone()));
}

std::unique_ptr<DetectModel> DetectModel::clone(int deviceId) const {
  return std::unique_ptr<DetectModel>(new DetectModel(impl().clone(deviceId)));
}

DetResult DetectModel::predict(const Image& image) {
  return std::move(resultsOf<DetResult>(impl().predict(&image, 1)).front());
}

std::vector<DetResult> DetectModel::predict(const std::vector<Image>& images) {
  return resultsOf<DetResult>(impl().predict(images.data(), images.size()));
}

OBBModel::OBBModel(const std::string& file, const InferOption& option)
    : BaseModel(load<Impl>(Task::OBB, "OBBModel", file, option)) {}

OBBModel::OBBModel(std::unique_ptr<Impl> impl) : BaseModel(std::move(impl)) {}

std::unique_ptr<OBBModel> OBBModel::clone() const {
  return std::unique_ptr<OBBModel>(new OBBModel(impl().clone()));
}

std::unique_ptr<OBBModel> OBBModel::clone(int deviceId) const {
  return std::unique_ptr<OBBModel>(new OBBModel(impl().clone(deviceId)));
}

OBBResult OBBModel::predict(const Image& image) {
  return std::move(resultsOf<OBBResult>(impl().predict(&image, 1)).front());
}

std::vector<OBBResult> OBBModel::predict(const std::vector<Image>& images) {
  return resultsOf<OBBResult>(impl().predict(images.data(), images.size()));
}

SegmentModel::SegmentModel(const std::string& file, const InferOption& option)
    : BaseModel(load<Impl>(Task::Segment, "SegmentModel", file, option)) {}

SegmentModel::SegmentModel(std::unique_ptr<Impl> impl) : BaseModel(std::move(impl)) {}

std::unique_ptr<SegmentModel> SegmentModel::clone() const {
  return std::unique_ptr<SegmentModel>(new SegmentModel(impl().clone()));
}

std::unique_ptr<SegmentModel> SegmentModel::clone(int deviceId) const {
  return std::unique_ptr<SegmentModel>(new SegmentModel(impl().clone(deviceId)));
}

SegResult SegmentModel::predict(const Image& image) {
  return std::move(resultsOf<SegResult>(impl().predict(&image, 1)).front());
}

std::vector<SegResult> SegmentModel::predict(const std::vector<Image>& images) {
  return resultsOf<SegResult>(impl().predict(images.data(), images.size()));
}

void SegmentModel::setRetinaMasks(bool retina) {
  impl().changeThresholds([&](Thresholds& thresholds) { thresholds.retinaMasks = retina; });
}

PoseModel::PoseModel(const std::string& file, const InferOption& option)
    : BaseModel(load<Impl>(Task::Pose, "PoseModel", file, option)) {}

PoseModel::PoseModel(std::unique_ptr<Impl> impl) : BaseModel(std::move(impl)) {}

std::unique_ptr<PoseModel> PoseModel::clone() const {
  return std::unique_ptr<PoseModel>(new PoseModel(impl().clone()));
}

std::unique_ptr<PoseModel> PoseModel::clone(int deviceId) const {
  return std::unique_ptr<PoseModel>(new PoseModel(impl().clone(deviceId)));
}

PoseResult PoseModel::predict(const Image& image) {
  return std::move(resultsOf<PoseResult>(impl().predict(&image, 1)).front());
}

std::vector<PoseResult> PoseModel::predict(const std::vector<Image>& images) {
  return resultsOf<PoseResult>(impl().predict(images.data(), images.size()));
}

ModelInfo inspect(const std::string& file, const InferOption& option) {
  return inspectFile(file, option.impl().engine).info;
}

const char* version() {
  return "trtyolo " TRTYOLO_VERSION;
}

std::map<std::string, std::string> backends() {
  return builtInBackends();
}

}  // namespace trtyolo
