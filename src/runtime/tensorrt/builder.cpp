#include "runtime/tensorrt/builder.hpp"

#include <NvInfer.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <mutex>
#include <random>

#include "cuda/devices.hpp"
#include "cuda/error.hpp"
#include "cuda/memory.hpp"
#include "model/description.hpp"
#include "model/onnx_file.hpp"
#include "runtime/tensorrt/half_network.hpp"
#include "runtime/tensorrt/library.hpp"
#include "runtime/tensorrt/network.hpp"

namespace trtyolo::tensorrt {
namespace {

namespace fs = std::filesystem;

// What computes in which type is written in the network, and not TensorRT's choice. TensorRT 11 knows no other kind.
#if NV_TENSORRT_MAJOR >= 11
constexpr std::uint32_t kStronglyTyped = 0;
#else
constexpr std::uint32_t kStronglyTyped =
    1U << static_cast<unsigned>(nvinfer1::NetworkDefinitionCreationFlag::kSTRONGLY_TYPED);
#endif

// Whether what is not quantized of a quantized network may compute in f16; otherwise it stays f32. Not yet: nobody has
// seen TensorRT build such a network.
constexpr bool kHalfBesideQuantized = false;

// TensorRT's phases, which lie in each other, as one number that only rises.
class Progress final : public nvinfer1::IProgressMonitor {
 public:
  explicit Progress(const std::function<bool(const BuildProgress&)>& tell) : tell_(tell) {}

  void phaseStart(const char* name, const char*, int32_t steps) noexcept override {
    const std::lock_guard lock(mutex_);
    phases_.push_back({name, 0, std::max(steps, 1)});
    say();
  }
  bool stepComplete(const char* name, int32_t step) noexcept override {
    const std::lock_guard lock(mutex_);
    for (Phase& phase : phases_) {
      if (phase.name == name) {
        phase.step = step + 1;
      }
    }
    say();
    return !ended_;
  }
  void phaseFinish(const char* name) noexcept override {
    const std::lock_guard lock(mutex_);
    phases_.erase(
        std::remove_if(phases_.begin(), phases_.end(), [&](const Phase& phase) { return phase.name == name; }),
        phases_.end());
  }

  bool ended() const { return ended_; }

 private:
  struct Phase {
    std::string name;
    int step, steps;
  };

  void say() noexcept {
    if (!tell_ || ended_ || phases_.empty()) {
      return;
    }
    double done = 0, part = 1;
    for (const Phase& phase : phases_) {
      part /= phase.steps;
      done += phase.step * part;
    }
    done_ = std::max(done_, std::min(done, 1.0));
    try {
      const Phase& phase = phases_.back();
      ended_ = !tell_({phase.name, phase.step, phase.steps, done_});
    } catch (...) {
      ended_ = true;
    }
  }

  std::function<bool(const BuildProgress&)> tell_;
  std::mutex mutex_;
  std::vector<Phase> phases_;
  double done_ = 0;
  bool ended_ = false;
};

std::vector<char> readWhole(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

// A cache that cannot be written is no reason to fail: the next build takes as long as this one did.
void writeQuietly(const std::string& path, const void* data, std::size_t bytes) {
  const std::string unfinished = path + ".part" + std::to_string(std::random_device()());
  std::ofstream stream(unfinished, std::ios::binary);
  stream.write(static_cast<const char*>(data), static_cast<std::streamsize>(bytes));
  stream.close();
  std::error_code error;
  if (stream) {
    fs::rename(unfinished, path, error);
  }
  if (!stream || error) {
    fs::remove(unfinished, error);
  }
}

class Build {
 public:
  Build(std::string_view onnx, const std::string& path, const BuildOption& option)
      : path_(path),
        doing_("building an engine from '" + path + "'"),
        option_(option),
        metadata_(parseOnnxMetadata(onnx)),
        library_(Library::get()) {
    cuda::check(cuda::state(), doing_.c_str());  // TensorRT is asked for nothing on a device that has failed
    library_.registerPlugins();
    builder_ = library_.createBuilder();
    network_.reset(builder_->createNetworkV2(kStronglyTyped));
    config_.reset(builder_->createBuilderConfig());
    if (!network_ || !config_) {
      throw DeviceError("'" + path + "': TensorRT cannot begin to build an engine" + wordsOfFailure(doing_));
    }
    parser_ = library_.createParser(*network_);
    if (!parser_->parse(onnx.data(), onnx.size(), path.c_str())) {
      throw ModelError("'" + path + "': TensorRT cannot read this ONNX model: " + parserErrors());
    }
  }

  BuiltPlan run() {
    setShapes();
    setPrecision();
    config_->setBuilderOptimizationLevel(option_.optimizationLevel);
    if (option_.workspaceBytes > 0) {
      config_->setMemoryPoolLimit(nvinfer1::MemoryPoolType::kWORKSPACE, option_.workspaceBytes);
    }
    // Every context runs on one stream, beside those of its siblings.
    config_->setMaxAuxStreams(0);
    Progress progress(option_.onProgress);
    config_->setProgressMonitor(&progress);
    const std::unique_ptr<nvinfer1::ITimingCache> cache = timingCache();
    Log::take();
    const std::unique_ptr<nvinfer1::IHostMemory> plan(builder_->buildSerializedNetwork(*network_, *config_));
    if (progress.ended()) {
      throw Error("'" + path_ + "': building the engine was ended before it was done");
    }
    if (!plan) {
      const std::string said = wordsOfFailure(doing_);
      throw ModelError("'" + path_ + "': TensorRT " + library_.version() + " cannot build an engine from this model" +
                       said);
    }
    keepTimings();
    metadata_["precision"] = toString(precision_);
    metadata_["built_by"] = version();
    metadata_["tensorrt"] = library_.version();
    metadata_["gpu"] = cuda::deviceName(option_.deviceId);
    const auto* bytes = static_cast<const char*>(plan->data());
    return {metadata_, {bytes, bytes + plan->size()}};
  }

 private:
  std::string parserErrors() const {
    std::string text;
    for (int i = 0; i < parser_->getNbErrors(); ++i) {
      const nvonnxparser::IParserError* error = parser_->getError(i);
      text += (text.empty() ? "" : "; ") + std::string(error->desc()) +
              (error->nodeName() && *error->nodeName() ? " (node " + std::string(error->nodeName()) + ")" : "");
    }
    const std::string words = Log::take();
    return text.empty() ? words : text;
  }

  void setPrecision() {
    // TF32 keeps 10 bits of a fraction, as f16 does: not what f32 promises.
    config_->clearFlag(nvinfer1::BuilderFlag::kTF32);
    const bool automatic = option_.precision == Precision::Auto;
    precision_ = automatic ? Precision::F16 : option_.precision;
    if (network_->getInput(0)->getType() == nvinfer1::DataType::kHALF) {
      precision_ = Precision::F16;  // exported so
      return;
    }
    const std::string layer = loopOrCondition(*network_);
    // Beside 8 bits there is f16 or f32.
    const bool f32BesideQuantized = isQuantized(*network_) && !(kHalfBesideQuantized && precision_ == Precision::F16);
    if (precision_ == Precision::F32 || f32BesideQuantized || (automatic && !layer.empty())) {
      precision_ = Precision::F32;
      return;
    }
    if (!layer.empty()) {
      throw ModelError("'" + path_ + "': a model with loops or conditions is built in f32 only (its layer '" + layer +
                       "' is part of one), asked for was " + toString(precision_));
    }
    halfWeights_ =
        computeInHalf(*network_, precision_ == Precision::F16 ? nvinfer1::DataType::kHALF : nvinfer1::DataType::kBF16);
  }

  // The network as describe() wants it.
  RawModel rawModel() const {
    const auto portOf = [](const nvinfer1::ITensor& tensor) {
      Port port;
      port.name = tensor.getName();
      port.type = tensor.getType();
      port.shape = tensor.getDimensions();
      return port;
    };
    std::vector<Port> inputs, outputs;
    for (int i = 0; i < network_->getNbInputs(); ++i) {
      inputs.push_back(portOf(*network_->getInput(i)));
    }
    for (int i = 0; i < network_->getNbOutputs(); ++i) {
      outputs.push_back(portOf(*network_->getOutput(i)));
    }
    RawModel raw;
    raw.file = path_;
    raw.inputs = tensorsOf(inputs);
    raw.outputs = tensorsOf(outputs);
    raw.metadata = metadata_;
    return raw;
  }

  // An optimization profile for what is dynamic. What a model would be refused for when it is loaded is refused here,
  // before the long work.
  void setShapes() {
    const RawModel raw = rawModel();
    const ModelInfo info = describe(raw, {}).info;
    const auto orElse = [](int value, int otherwise) { return value != 0 ? value : otherwise; };
    const Size largest{orElse(option_.width, info.networkWidth), orElse(option_.height, info.networkHeight)};
    const Size smallest{orElse(option_.leastWidth, largest.width), orElse(option_.leastHeight, largest.height)};
    if (smallest.width > largest.width || smallest.height > largest.height) {
      throw ModelError("'" + path_ + "': the smallest size asked for, " + std::to_string(smallest.width) + " x " +
                       std::to_string(smallest.height) + ", is above the largest, " + std::to_string(largest.width) +
                       " x " + std::to_string(largest.height) + "; ask for a larger one too");
    }
    for (const Size size : {smallest, largest}) {
      DescriptionOptions wanted;
      wanted.networkSize = size;
      describe(raw, wanted);
    }
    if (!info.dynamicBatch && option_.batch != 1 && option_.batch != info.batch) {
      throw ModelError("'" + path_ + "': the network's batch is fixed at " + std::to_string(info.batch) +
                       ", asked for were " + std::to_string(option_.batch) +
                       "; export the model with dynamic sizes to choose it");
    }

    const nvinfer1::ITensor& input = *network_->getInput(0);
    const nvinfer1::Dims shape = input.getDimensions();
    nvinfer1::Dims least = shape, usual = shape, most = shape;
    bool dynamic = false;
    const auto settle = [&](int axis, int low, int middle, int high) {
      if (shape.d[axis] == -1) {
        least.d[axis] = low;
        usual.d[axis] = middle;
        most.d[axis] = high;
        dynamic = true;
      }
    };
    settle(0, option_.leastBatch, orElse(option_.usualBatch, option_.batch), option_.batch);
    settle(1, 3, 3, 3);
    settle(2, smallest.height, largest.height, largest.height);
    settle(3, smallest.width, largest.width, largest.width);
    if (!dynamic) {
      return;
    }
    nvinfer1::IOptimizationProfile* profile = builder_->createOptimizationProfile();
    const bool valid = profile->setDimensions(input.getName(), nvinfer1::OptProfileSelector::kMIN, least) &&
                       profile->setDimensions(input.getName(), nvinfer1::OptProfileSelector::kOPT, usual) &&
                       profile->setDimensions(input.getName(), nvinfer1::OptProfileSelector::kMAX, most) &&
                       config_->addOptimizationProfile(profile) >= 0;
    if (!valid) {
      throw ModelError("'" + path_ + "': TensorRT does not take the sizes asked for, " + Log::take());
    }
  }

  std::unique_ptr<nvinfer1::ITimingCache> timingCache() {
    if (option_.timingCache.empty()) {
      return nullptr;
    }
    const std::vector<char> bytes = readWhole(option_.timingCache);
    std::unique_ptr<nvinfer1::ITimingCache> cache(config_->createTimingCache(bytes.data(), bytes.size()));
    if (!cache || !config_->setTimingCache(*cache, false)) {
      // Of another GPU or version, or damaged.
      cache.reset(config_->createTimingCache(nullptr, 0));
      config_->setTimingCache(*cache, false);
    }
    return cache;
  }

  void keepTimings() const {
    const nvinfer1::ITimingCache* cache = option_.timingCache.empty() ? nullptr : config_->getTimingCache();
    if (cache) {
      const std::unique_ptr<nvinfer1::IHostMemory> bytes(cache->serialize());
      if (bytes) {
        writeQuietly(option_.timingCache, bytes->data(), bytes->size());
      }
    }
  }

  std::string path_, doing_;
  const BuildOption& option_;
  Metadata metadata_;
  const Library& library_;
  Precision precision_ = Precision::F32;
  HalfWeights halfWeights_;                      // of the network
  std::unique_ptr<nvinfer1::IBuilder> builder_;  // before what it makes
  std::unique_ptr<nvinfer1::INetworkDefinition> network_;
  std::unique_ptr<nvinfer1::IBuilderConfig> config_;
  std::unique_ptr<nvonnxparser::IParser> parser_;
};

}  // namespace

BuiltPlan build(std::string_view onnx, const std::string& path, const BuildOption& option) {
  cuda::checkDevice(option.deviceId);
  const cuda::DeviceScope scope(option.deviceId);
  return Build(onnx, path, option).run();
}

}  // namespace trtyolo::tensorrt
