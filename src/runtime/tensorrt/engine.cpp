#include "runtime/tensorrt/engine.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "cuda/devices.hpp"
#include "cuda/error.hpp"
#include "cuda/memory.hpp"
#include "cuda/nvtx.hpp"
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
  if (image && description.info.dynamicSize) {
    const nvinfer1::Dims &least = network.inputs()[0].least, &most = network.inputs()[0].most;
    description.least = {static_cast<int>(least.d[3]), static_cast<int>(least.d[2])};
    const Size size = description.networkSize();
    if (size.width < least.d[3] || size.height < least.d[2] || size.width > most.d[3] || size.height > most.d[2]) {
      const auto text = [](std::int64_t width, std::int64_t height) {
        return std::to_string(width) + " x " + std::to_string(height);
      };
      throw ModelError("'" + network.file() + "': the engine takes inputs of " + text(least.d[3], least.d[2]) + " to " +
                       text(most.d[3], most.d[2]) + " pixels, asked for were " + text(size.width, size.height));
    }
  }
  if (image && description.info.dynamicBatch) {
    description.info.batch = std::max(description.info.batch, static_cast<int>(network.inputs()[0].least.d[0]));
  }
  for (std::size_t i = 0; i < network.outputs().size(); ++i) {
    const Port& port = network.outputs()[i];
    const bool real = port.type == nvinfer1::DataType::kFLOAT || port.type == nvinfer1::DataType::kHALF;
    const bool whole = port.type == nvinfer1::DataType::kINT32 || port.type == nvinfer1::DataType::kINT64;
    if (!real && !(whole && description.layout.isWhole(i))) {
      description.refusal = "its output '" + port.name + "' is " + nameOf(port.type) + "; f32 and f16 are understood";
      description.info.layout = "not understood: " + description.refusal;
    }
  }
  description.info.backend = "tensorrt";
  const auto precision = plan.metadata.find("precision");
  description.info.precision = precision == plan.metadata.end() ? "as built" : precision->second;
  return description;
}

std::string deviceText(int device) {
  return cuda::deviceName(device) + " (GPU " + std::to_string(device) + ")";
}

class TensorRtEngine final : public Engine {
 public:
  // `path` is what the caller gave, `planPath` the same or the engine that was built from it.
  TensorRtEngine(const std::string& planPath, const std::string& path, const ModelFile& file,
                 const EngineOptions& options, const DescriptionCheck& check)
      : device_(options.deviceId), deviceImages_(options.deviceImages), normalization_(options.normalization) {
    const cuda::DeviceScope scope(device_);
    const PlanFile plan = readPlanFile(planPath);
    auto network = std::make_unique<Network>(plan.plan(), path);  // if it is refused, it goes within the scope
    description_ = describeNetwork(*network, plan, file, options);
    description_.info.device = deviceText(device_);
    check(description_);
    makeHead(description_);  // refuses what is not understood
    pool_ = std::make_unique<ExecutorPool>(ExecutorSettings{*network, description_, normalization_, deviceImages_});
    network_ = std::move(network);
    cuda::traceByNvtx();
  }

  ~TensorRtEngine() override {
    try {
      const cuda::DeviceScope scope(device_);
      cuda::check(cuda::state(), "releasing an engine");
      pool_.reset();
      network_.reset();
    } catch (const std::exception&) {
      // The device has failed for good, and what was to be released went with it. TensorRT is not to try.
      static_cast<void>(pool_.release());
      static_cast<void>(network_.release());
    }
  }

  const ModelDescription& description() const override { return description_; }
  std::optional<int> gpu() const override { return device_; }
  // One runs while the next is made ready. Images of the host take the processor a quarter of the network's time (16 of
  // 1080p, YOLO11n, an H200): more than one is made ready then.
  int parallelRuns() const override { return deviceImages_ ? 2 : 4; }
  std::unique_ptr<Context> createContext() const override;

  MemoryUse memory() const override {
    MemoryUse use;
    use.engine = network_->engineBytes();
    use.contexts = network_->contextBytes();
    use.scratch = account_.scratch;
    use.buffers = account_.device;
    use.pinned = account_.pinned;
    use.executors = static_cast<int>(pool_->executors());
    return use;
  }

  NetworkSpeed measureNetwork(int requests, double seconds) const override {
    const cuda::DeviceScope scope(device_);
    const cuda::AccountScope account(account_);
    const ModelInfo& info = description_.info;
    return tensorrt::measureNetwork(*network_, info.batch, {info.networkWidth, info.networkHeight}, requests, seconds,
                                    device_);
  }

  int device() const { return device_; }
  ExecutorPool& pool() const { return *pool_; }
  cuda::MemoryAccount& account() const { return account_; }

 private:
  int device_;
  bool deviceImages_;
  Normalization normalization_;
  ModelDescription description_;
  std::unique_ptr<Network> network_;
  mutable cuda::MemoryAccount account_;  // of the executors, and of measureNetwork()'s memory
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
    const cuda::AccountScope account(engine_->account());
    try {
      return predictOn(engine_->pool().borrow(), images, letterboxes, thresholds, results);
    } catch (const cuda::OutOfMemory&) {
      // There is no memory for another executor. One that has served others can serve this call too, behind theirs.
      std::unique_ptr<Executor> executor = engine_->pool().borrowOld();
      if (!executor) {
        throw;
      }
      return predictOn(std::move(executor), images, letterboxes, thresholds, results);
    }
  }

 private:
  RunTimes predictOn(std::unique_ptr<Executor> executor, std::span<const ImageView> images,
                     std::span<const Letterbox> letterboxes, const Thresholds& thresholds,
                     std::span<Prediction> results) {
    try {
      const RunTimes times = executor->predict(images, letterboxes, thresholds, results);
      engine_->pool().giveBack(std::move(executor));
      return times;
    } catch (const std::invalid_argument&) {
      engine_->pool().giveBack(std::move(executor));  // refused before anything was begun
      throw;
    } catch (...) {
      // What it had begun may still run, or have failed: the next call gets another.
      engine_->pool().discard(std::move(executor));
      throw;
    }
  }

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
  description.info.device = deviceText(options.deviceId);
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
