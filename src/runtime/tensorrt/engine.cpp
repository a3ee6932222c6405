#include "runtime/tensorrt/engine.hpp"

#include <algorithm>
#include <utility>

#include "cuda/devices.hpp"
#include "cuda/error.hpp"
#include "cuda/memory.hpp"
#include "model/head.hpp"
#include "runtime/tensorrt/builder.hpp"
#include "runtime/tensorrt/engine_cache.hpp"
#include "runtime/tensorrt/executor_pool.hpp"
#include "runtime/tensorrt/library.hpp"
#include "runtime/tensorrt/network_speed.hpp"
#include "runtime/tensorrt/plan_file.hpp"

namespace trtyolo::tensorrt {
namespace {

ModelDescription describeNetwork(const Network& network, const PlanFile& plan, const ModelFile& file,
                                 const EngineOptions& options) {
  RawModel raw;
  raw.file = network.file();
  raw.fileBytes = file.bytes;
  raw.inputs = tensorsOf(network.inputs());
  raw.outputs = tensorsOf(network.outputs());
  raw.metadata = plan.metadata;
  DescriptionOptions said = options.description;
  const bool image = network.inputs().size() == 1 && network.inputs()[0].most.nbDims == 4;
  if (image && !said.networkSize && (raw.inputs[0].shape[2] == -1 || raw.inputs[0].shape[3] == -1)) {
    const nvinfer1::Dims& most = network.inputs()[0].most;
    said.networkSize = Size{static_cast<int>(most.d[3]), static_cast<int>(most.d[2])};
  }
  ModelDescription description = describe(raw, said);
  if (image && description.info.dynamicBatch && description.info.batch > network.inputs()[0].most.d[0]) {
    throw ModelError("'" + network.file() + "': the engine runs at most " +
                     std::to_string(network.inputs()[0].most.d[0]) + " images at once, asked for were " +
                     std::to_string(description.info.batch));
  }
  if (image && description.info.dynamicBatch) {
    description.info.batch = std::max(description.info.batch, static_cast<int>(network.inputs()[0].least.d[0]));
  }
  for (const Port& port : network.outputs()) {
    if (port.type != nvinfer1::DataType::kFLOAT && port.type != nvinfer1::DataType::kHALF) {
      description.refusal = "its output '" + port.name + "' is " + nameOf(port.type) + "; f32 and f16 are understood";
      description.info.layout = "not understood: " + description.refusal;
    }
  }
  description.info.backend = "tensorrt";
  const auto precision = plan.metadata.find("precision");
  description.info.precision = precision == plan.metadata.end() ? "as built" : precision->second;
  return description;
}

class TensorRtEngine final : public Engine {
 public:
  // `path` is what the caller gave, `planPath` the same or the engine that was built from it.
  TensorRtEngine(const std::string& planPath, const std::string& path, const ModelFile& file,
                 const EngineOptions& options, const DescriptionCheck& check)
      : device_(options.deviceId), normalization_(options.normalization) {
    const cuda::DeviceScope scope(device_);
    const PlanFile plan = readPlanFile(planPath);
    network_ = std::make_unique<Network>(plan.plan(), path);
    description_ = describeNetwork(*network_, plan, file, options);
    description_.info.device = cuda::deviceName(device_);
    check(description_);
    makeHead(description_);  // refuses what is not understood
    pool_ =
        std::make_unique<ExecutorPool>(ExecutorSettings{*network_, description_, normalization_, options.deviceImages});
  }

  ~TensorRtEngine() override {
    try {
      const cuda::DeviceScope scope(device_);
      pool_.reset();
      network_.reset();
    } catch (const Error&) {
      return;  // the device is gone, and with it what was to be released
    }
  }

  const ModelDescription& description() const override { return description_; }
  std::unique_ptr<Context> createContext() const override;

  NetworkSpeed measureNetwork(int requests, double seconds) const override {
    const cuda::DeviceScope scope(device_);
    const ModelInfo& info = description_.info;
    return tensorrt::measureNetwork(*network_, info.batch, {info.networkWidth, info.networkHeight}, requests, seconds,
                                    device_);
  }

  int device() const { return device_; }
  ExecutorPool& pool() const { return *pool_; }

 private:
  int device_;
  Normalization normalization_;
  ModelDescription description_;
  std::unique_ptr<Network> network_;
  std::unique_ptr<ExecutorPool> pool_;
};

// A clone: it owns a share of the engine, and runs on an executor that it borrows.
class TensorRtContext final : public Context {
 public:
  explicit TensorRtContext(std::shared_ptr<const TensorRtEngine> engine) : engine_(std::move(engine)) {
    engine_->pool().addClone();
  }

  ~TensorRtContext() override {
    try {
      const cuda::DeviceScope scope(engine_->device());
      engine_->pool().removeClone();
    } catch (const Error&) {
      return;
    }
  }

  RunTimes predict(std::span<const ImageView> images, std::span<const Letterbox> letterboxes,
                   const Thresholds& thresholds, std::span<Prediction> results) override {
    const cuda::DeviceScope scope(engine_->device());
    std::unique_ptr<Executor> executor = engine_->pool().borrow();
    try {
      const RunTimes times = executor->predict(images, letterboxes, thresholds, results);
      engine_->pool().giveBack(std::move(executor));
      return times;
    } catch (const std::invalid_argument&) {
      engine_->pool().giveBack(std::move(executor));  // refused before anything was begun
      throw;
    } catch (...) {
      // What it had begun may still run, or have failed: the next call gets another.
      executor.reset();
      engine_->pool().giveBack(nullptr);
      throw;
    }
  }

 private:
  std::shared_ptr<const TensorRtEngine> engine_;
};

std::unique_ptr<Context> TensorRtEngine::createContext() const {
  return std::make_unique<TensorRtContext>(std::static_pointer_cast<const TensorRtEngine>(shared_from_this()));
}

}  // namespace

std::shared_ptr<const Engine> loadEngine(const std::string& path, const ModelFile& file, const EngineOptions& options,
                                         const DescriptionCheck& check) {
  cuda::checkDevice(options.deviceId);
  if (file.kind == FileKind::TensorRtEngine) {
    return std::make_shared<const TensorRtEngine>(path, path, file, options, check);
  }
  const std::string plan = cachedEngine(path, options);
  try {
    return std::make_shared<const TensorRtEngine>(plan, path, file, options, check);
  } catch (const UnloadablePlan&) {
    dropFromCache(plan);
    return std::make_shared<const TensorRtEngine>(cachedEngine(path, options), path, file, options, check);
  }
}

ModelDescription inspectFile(const std::string& path, const ModelFile& file, const EngineOptions& options) {
  cuda::checkDevice(options.deviceId);
  const cuda::DeviceScope scope(options.deviceId);
  const PlanFile plan = readPlanFile(file.kind == FileKind::TensorRtEngine ? path : cachedEngine(path, options));
  const Network network(plan.plan(), path);
  ModelDescription description = describeNetwork(network, plan, file, options);
  description.info.device = cuda::deviceName(options.deviceId);
  return description;
}

void buildEngineFile(const std::string& onnx, const std::string& engine, const BuildOption& option) {
  const BuiltPlan built = build(readModelFile(onnx), onnx, option);
  writePlanFile(engine, built.metadata, {built.plan.data(), built.plan.size()});
}

std::string whyNotUsable() {
  return whyNoTensorRt();
}

std::string version() {
  const std::string why = whyNoTensorRt();
  if (why.empty()) {
    return Library::get().version();
  }
  return std::to_string(NV_TENSORRT_MAJOR) + ", not usable here: " + why;
}

}  // namespace trtyolo::tensorrt
