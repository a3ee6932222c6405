#include <algorithm>
#include <optional>
#include <utility>

#include "base/files.hpp"
#include "cuda/devices.hpp"
#include "cuda/error.hpp"
#include "cuda/memory.hpp"
#include "cuda/nvtx.hpp"
#include "cuda/pointers.hpp"
#include "model/head.hpp"
#include "runtime/backends.hpp"
#include "runtime/plan_file.hpp"
#include "runtime/tensorrt/builder.hpp"
#include "runtime/tensorrt/engine_cache.hpp"
#include "runtime/tensorrt/executor_pool.hpp"
#include "runtime/tensorrt/library.hpp"

namespace trtyolo::tensorrt {
namespace {

ModelDescription describeNetwork(const Network& network, const PlanFile& plan, const ModelSource& source,
                                 const EngineOptions& options) {
  RawModel raw;
  raw.file = source.path();
  raw.fileBytes = source.bytes();
  raw.inputs = tensorsOf(network.inputs());
  raw.outputs = tensorsOf(network.outputs());
  raw.metadata = plan.metadata;
  DescriptionOptions wanted = options.description;
  const bool image = network.inputs().size() == 1 && network.inputs()[0].most.nbDims == 4;
  const nvinfer1::Dims least = image ? network.inputs()[0].least : nvinfer1::Dims{},
                       most = image ? network.inputs()[0].most : nvinfer1::Dims{};
  if (image && !wanted.networkSize && (raw.inputs[0].shape[2] == -1 || raw.inputs[0].shape[3] == -1)) {
    wanted.networkSize = Size{static_cast<int>(most.d[3]), static_cast<int>(most.d[2])};
  }
  ModelDescription description = describe(raw, wanted);
  if (image && description.info.dynamicBatch && description.info.batch > most.d[0]) {
    throw ModelError("'" + network.file() + "': the engine runs at most " + std::to_string(most.d[0]) +
                     " images at once, asked for were " + std::to_string(description.info.batch));
  }
  if (image && description.info.dynamicSize) {
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
    description.info.batch = std::max(description.info.batch, static_cast<int>(least.d[0]));
  }
  for (std::size_t i = 0; i < network.outputs().size(); ++i) {
    const Port& port = network.outputs()[i];
    const bool real = port.type == nvinfer1::DataType::kFLOAT || port.type == nvinfer1::DataType::kHALF;
    const bool whole = port.type == nvinfer1::DataType::kINT32 || port.type == nvinfer1::DataType::kINT64 ||
                       (port.type == nvinfer1::DataType::kUINT8 && description.layout.pixelMaps());
    if (!real && !(whole && description.layout.isWhole(i))) {
      description.refusal = "its output '" + port.name + "' is " + nameOf(port.type) + "; f32 and f16 are understood";
      description.info.layout = "not understood: " + description.refusal;
    }
    if (port.channelsLast && !(description.layout.raw && isLevel(*description.layout.raw, i))) {
      description.refusal =
          "the channels of its output '" + port.name + "' lie side by side; linear outputs are understood";
      description.info.layout = "not understood: " + description.refusal;
    }
  }
  if (!description.input.usual()) {
    description.refusal =
        "the input of an engine is to be f32 or f16 [batch, 3, height, width]; build it from the ONNX file with "
        "`trtyolo build`, which gives it such a one";
    description.info.layout = "not understood: " + description.refusal;
  }
  if (description.layout.listed) {
    description.refusal =
        "a list of the objects of all images has a size that is only known when the network has run; "
        "export it without --max-wh";
    description.info.layout = "not understood: " + description.refusal;
  }
  description.info.backend = "tensorrt";
  if (description.info.head.empty()) {
    keepWhole(description, wanted.head, "the engine was not built from a network that was cut");
  }
  const std::string* precision = metadataEntry(plan.metadata, "precision");
  description.info.precision = precision ? *precision : "as built";
  return description;
}

std::string deviceText(int device) {
  return cuda::deviceName(device) + " (GPU " + std::to_string(device) + ")";
}

class TensorRtEngine final : public Engine {
 public:
  // The plan is in the source, or was built from it.
  TensorRtEngine(const PlanFile& plan, const ModelSource& source, const EngineOptions& options,
                 const DescriptionCheck& check)
      : device_(options.deviceId), deviceImages_(options.deviceImages) {
    const cuda::DeviceScope scope(device_);
    auto network = std::make_unique<Network>(plan.plan, source.path());  // if it is refused, it goes within the scope
    description_ = describeNetwork(*network, plan, source, options);
    description_.info.device = deviceText(device_);
    check(description_);
    static_cast<void>(Head(description_));  // refuses what is not understood
    pool_ = std::make_unique<ExecutorPool>(ExecutorSettings{*network, description_, deviceImages_});
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
      // The device can no longer be used, and what was to be released is gone. TensorRT must not try.
      static_cast<void>(pool_.release());
      static_cast<void>(network_.release());
    }
  }

  const ModelDescription& description() const override { return description_; }
  std::optional<int> gpu() const override { return device_; }

  // Memory of the host, or that moves between both, is not in that of one GPU.
  std::optional<int> gpuHolding(const ImageView& image) const override {
    if (image.memory == ImageMemory::Host || (image.memory == ImageMemory::AsOption && !deviceImages_)) {
      return std::nullopt;
    }
    const cuda::DeviceScope scope(device_);
    const cudaPointerAttributes attributes = cuda::attributesOf(image.data);
    return attributes.type == cudaMemoryTypeDevice ? std::optional(attributes.device) : std::nullopt;
  }

  bool works() const noexcept override {
    try {
      const cuda::DeviceScope scope(device_);
      return cuda::state() == cudaSuccess;
    } catch (const Error&) {
      return false;
    }
  }

  // One runs while the next is prepared. Preparing host images takes the processor a quarter of the network's time (16
  // of 1080p, YOLO11n, an H200): more than one is prepared then.
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
  ModelDescription description_;
  std::unique_ptr<Network> network_;
  mutable cuda::MemoryAccount account_;  // of the executors, and of measureNetwork()'s memory
  std::unique_ptr<ExecutorPool> pool_;
};

// A clone: it owns a share of the engine, and runs on an executor that it acquires for each call.
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

  StageTimes predict(std::span<const ImageView> images, std::span<const Letterbox> letterboxes,
                     const PostprocessOptions& postprocess, std::span<Result> results) override {
    const cuda::DeviceScope scope(engine_->device());
    const cuda::AccountScope account(engine_->account());
    try {
      return predictOn(engine_->pool().acquire(), images, letterboxes, postprocess, results);
    } catch (const cuda::OutOfMemory&) {
      // There is no memory for another executor; this call waits for one that others use.
      std::unique_ptr<Executor> executor = engine_->pool().waitForExisting();
      if (!executor) {
        throw;
      }
      return predictOn(std::move(executor), images, letterboxes, postprocess, results);
    }
  }

 private:
  StageTimes predictOn(std::unique_ptr<Executor> executor, std::span<const ImageView> images,
                       std::span<const Letterbox> letterboxes, const PostprocessOptions& postprocess,
                       std::span<Result> results) {
    try {
      const StageTimes times = executor->predict(images, letterboxes, postprocess, engine_->pool().alone(), results);
      engine_->pool().release(std::move(executor));
      return times;
    } catch (const std::invalid_argument&) {
      engine_->pool().release(std::move(executor));  // refused before any work was started
      throw;
    } catch (...) {
      // Its work may still run, or have failed: the next call gets another.
      engine_->pool().discard(std::move(executor));
      throw;
    }
  }

  std::shared_ptr<const TensorRtEngine> engine_;
};

std::unique_ptr<Context> TensorRtEngine::createContext() const {
  return std::make_unique<TensorRtContext>(std::static_pointer_cast<const TensorRtEngine>(shared_from_this()));
}

// Calls `use` with the plan of the source, or with the cached one that was built from it. A cached one that cannot be
// loaded is built again.
template <typename Use>
auto withPlan(const ModelSource& source, const EngineOptions& options, const Use& use) {
  cuda::checkDevice(options.deviceId);
  Library::get().loadPlugins(options.pluginLibraries);
  if (source.kind() == FileKind::TensorRtEngine) {
    const PlanFile plan = parsePlanFile(source.path(), source.content());
    try {
      return use(plan);
    } catch (const UnloadablePlan& error) {
      throw UnloadablePlan(error.what() + builtWith(plan.metadata));
    }
  }
  const auto useCached = [&](const std::string& file) {
    const std::optional<std::string> bytes = readFile(file);
    if (!bytes) {
      throw UnloadablePlan("'" + file + "': the cached engine cannot be read");
    }
    return use(parsePlanFile(file, *bytes));
  };
  const auto useEngine = [&](const CachedEngine& engine) {
    const BuiltPlan& built = engine.built;
    return engine.file.empty() ? use(PlanFile{built.metadata, {built.plan.data(), built.plan.size()}})
                               : useCached(engine.file);
  };
  const CachedEngine engine = cachedEngine(source, options);
  try {
    return useEngine(engine);
  } catch (const UnloadablePlan&) {
    if (engine.file.empty()) {
      throw;
    }
    dropFromCache(engine.file);
    return useEngine(cachedEngine(source, options));
  }
}

std::shared_ptr<const Engine> load(const ModelSource& source, const EngineOptions& options,
                                   const DescriptionCheck& check) {
  return withPlan(source, options, [&](const PlanFile& plan) {
    return std::make_shared<const TensorRtEngine>(plan, source, options, check);
  });
}

// A plan must be loaded to be looked into, so this needs the GPU as well.
ModelDescription inspect(const ModelSource& source, const EngineOptions& options) {
  return withPlan(source, options, [&](const PlanFile& plan) {
    const cuda::DeviceScope scope(options.deviceId);
    const Network network(plan.plan, source.path());
    ModelDescription description = describeNetwork(network, plan, source, options);
    description.info.device = deviceText(options.deviceId);
    return description;
  });
}

void buildFile(const ModelSource& onnx, const std::string& engine, const BuildOption& option) {
  const BuiltPlan built = build(onnx, option);
  writePlanFile(engine, {built.metadata, {built.plan.data(), built.plan.size()}});
}

// That of the library, or of the headers where there is none.
std::string versionOfLibrary() {
  try {
    return Library::get().version();
  } catch (const DeviceError&) {
    return std::to_string(NV_TENSORRT_MAJOR);
  }
}

std::shared_ptr<void> pinned(std::size_t bytes) {
  const auto memory = std::make_shared<cuda::PinnedMemory<std::byte>>(bytes);
  return {memory, memory->get()};
}

}  // namespace

BackendEntry backend() {
  return {.id = Backend::TensorRT,
          .name = "TensorRT",
          .onGpu = true,
          .opens = [](FileKind kind) { return kind != FileKind::OpenVinoIr; },
          .whyNotUsable = &whyNoTensorRt,
          .version = &versionOfLibrary,
          .load = &load,
          .inspect = &inspect,
          .build = &buildFile,
          .pinned = &pinned,
          .gpuCount = &cuda::deviceCount};
}

}  // namespace trtyolo::tensorrt
