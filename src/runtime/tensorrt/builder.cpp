#include "runtime/tensorrt/builder.hpp"

#include <NvInfer.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>

#include "base/files.hpp"
#include "base/log.hpp"
#include "cuda/devices.hpp"
#include "cuda/error.hpp"
#include "cuda/memory.hpp"
#include "model/cut/head_finder.hpp"
#include "model/description.hpp"
#include "model/input_form.hpp"
#include "model/onnx_file.hpp"
#include "model/onnx_graph.hpp"
#include "model/plugin_cut.hpp"
#include "model/raw_candidates.hpp"
#include "model/raw_head.hpp"
#include "model/stored_weights.hpp"
#include "runtime/tensorrt/half_network.hpp"
#include "runtime/tensorrt/library.hpp"
#include "runtime/tensorrt/network.hpp"

namespace trtyolo::tensorrt {
namespace {

// The network says what computes in which type; TensorRT does not choose. TensorRT 11 has no other kind.
#if NV_TENSORRT_MAJOR >= 11
constexpr std::uint32_t kStronglyTyped = 0;
#else
constexpr std::uint32_t kStronglyTyped =
    1U << static_cast<unsigned>(nvinfer1::NetworkDefinitionCreationFlag::kSTRONGLY_TYPED);
#endif

// Whether the parts of a quantized network that are not quantized may compute in f16; otherwise they stay f32. Not yet:
// it is not known that TensorRT builds such a network.
constexpr bool kHalfBesideQuantized = false;

// TensorRT's nested phases as one number that only rises.
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
    std::erase_if(phases_, [&](const Phase& phase) { return phase.name == name; });
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

// TensorRT takes what is quantized to u8 for i8, without a word, and cuts it at 127.
void refuseUnsignedBytes(const std::string& path, const OnnxGraph& graph) {
  for (const OnnxNode& node : graph.nodes()) {
    const bool quantizes = node.type == "QuantizeLinear" || node.type == "DequantizeLinear";
    if (quantizes && node.inputs.size() > 2 && graph.typeOfConstant(node.inputs[2]) == onnx_type::kUint8) {
      throw ModelError("'" + path + "': it is quantized to unsigned bytes ('" + std::string(node.inputs[2]) +
                       "' is u8), which TensorRT does not compute with; quantize it symmetrically to signed ones (ONNX "
                       "Runtime: activation_type=QuantType.QInt8, ActivationSymmetric), or run it on a CPU");
    }
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
    const OnnxGraph graph(onnx);
    refuseUnsignedBytes(path, graph);
    metadata_[kOutputSources] = outputSources(graph);
    cuda::check(cuda::state(), doing_.c_str());  // TensorRT is not called on a device that has failed
    library_.registerPlugins();
    library_.loadPlugins(option.pluginLibraries);
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

  // The file with the network cut; nothing if it runs whole.
  std::optional<std::string> withCutHead(std::string_view onnx) const {
    if (option_.head == HeadMode::Whole) {
      return std::nullopt;
    }
    ModelDescription description = describe(rawModel(), {});
    const OnnxGraph graph(onnx);
    const HeadFinding found = findHead(graph, description);
    if (!found.cut) {
      keepWhole(description, option_.head, found.why);
      return std::nullopt;
    }
    return cutOnnx(onnx, graph, *found.cut, precision() == Precision::F16);
  }

  // Of a network that was cut: whether its grids are those of one size of its input, as far as that is known.
  bool gridsFit() const {
    ModelDescription description = describe(rawModel(), {});
    std::vector<Shape> shapes;
    for (int i = 0; i < network_->getNbOutputs(); ++i) {
      const nvinfer1::Dims dims = network_->getOutput(i)->getDimensions();
      shapes.emplace_back(dims.d, dims.d + dims.nbDims);
    }
    const bool fit =
        !description.layout.raw ||
        coverOneInput(*description.layout.raw, [&](std::size_t output) -> const Shape& { return shapes[output]; });
    if (!fit) {
      keepWhole(description, option_.head, kOtherGrids);
    }
    return fit;
  }

  BuiltPlan run() {
    cut_ = headCutOf(metadata_, path_).has_value();
    raw_ = describe(rawModel(), {}).layout.raw;
    setPrecision();
    setOrder();
    setShapes();  // of the inputs that there are now
    config_->setBuilderOptimizationLevel(option_.optimizationLevel);
    if (option_.workspaceBytes > 0) {
      config_->setMemoryPoolLimit(nvinfer1::MemoryPoolType::kWORKSPACE, option_.workspaceBytes);
    }
    // Every context runs on one stream, beside those of its siblings.
    config_->setMaxAuxStreams(0);
    Progress progress(option_.onProgress);
    config_->setProgressMonitor(&progress);
    const std::unique_ptr<nvinfer1::ITimingCache> cache = timingCache();
    Logger::take();
    const std::unique_ptr<nvinfer1::IHostMemory> plan(builder_->buildSerializedNetwork(*network_, *config_));
    if (progress.ended()) {
      throw Error("'" + path_ + "': building the engine was ended before it was done");
    }
    if (!plan) {
      const std::string reason = wordsOfFailure(doing_);
      throw ModelError("'" + path_ + "': TensorRT " + library_.version() + " cannot build an engine from this model" +
                       reason);
    }
    keepTimings();
    metadata_["precision"] = toString(precision_);
    metadata_["built_by"] = version();
    metadata_["tensorrt"] = library_.version();
    metadata_["gpu"] = cuda::deviceName(option_.deviceId);
    metadata_["optimization_level"] = std::to_string(option_.optimizationLevel);
    if (option_.workspaceBytes > 0) {
      metadata_["workspace_bytes"] = std::to_string(option_.workspaceBytes);
    }
    const auto* bytes = static_cast<const char*>(plan->data());
    return {metadata_, {bytes, bytes + plan->size()}};
  }

 private:
  std::string parserErrors() const {
    std::string text;
    const auto orNothing = [](const char* words) { return std::string(words ? words : ""); };
    for (int i = 0; i < parser_->getNbErrors(); ++i) {
      const nvonnxparser::IParserError* error = parser_->getError(i);
      const std::string name = orNothing(error->nodeName()), type = orNothing(error->nodeOperator());
      text += (text.empty() ? "" : "; ") + orNothing(error->desc()) + (type.empty() ? "" : " (" + type + ")") +
              (name.empty() ? "" : " (node " + name + ")");
    }
    const std::string words = Logger::take();
    return withPluginAdvice(text.empty() ? words : text);
  }

  // What the network computes in, for what was asked for.
  Precision precision() const {
    const bool automatic = option_.precision == Precision::Auto;
    if (network_->getInput(0)->getType() == nvinfer1::DataType::kHALF) {
      return Precision::F16;  // exported so
    }
    const Precision wanted = automatic ? Precision::F16 : option_.precision;
    const std::string layer = loopOrCondition(*network_);
    // Beside 8 bits there is f16 or f32.
    const bool f32BesideQuantized = isQuantized(*network_) && !(kHalfBesideQuantized && wanted == Precision::F16);
    if (wanted == Precision::F32 || f32BesideQuantized || (automatic && !layer.empty())) {
      return Precision::F32;
    }
    if (!layer.empty()) {
      throw ModelError("'" + path_ + "': a model with loops or conditions is built in f32 only (its layer '" + layer +
                       "' is part of one), asked for was " + toString(wanted));
    }
    return wanted;
  }

  void setPrecision() {
    // TF32 keeps 10 bits of a fraction, as f16 does: not what f32 promises.
    config_->clearFlag(nvinfer1::BuilderFlag::kTF32);
    precision_ = precision();
    const bool stored = network_->getInput(0)->getType() == nvinfer1::DataType::kHALF && !cut_;
    if (precision_ == Precision::F32 || stored) {
      return;
    }
    const bool f16 = precision_ == Precision::F16;
    // What comes in and out of a network that was cut is made and read by our own kernels, which know f16.
    halfWeights_ = computeInHalf(*network_, f16 ? nvinfer1::DataType::kHALF : nvinfer1::DataType::kBF16, f16 && cut_);
  }

  // Convolutions in f16 compute with channels side by side; grids that are read in that order need not be turned.
  void setOrder() {
    for (int i = 0; raw_ && i < network_->getNbOutputs(); ++i) {
      nvinfer1::ITensor& output = *network_->getOutput(i);
      if (isLevel(*raw_, static_cast<std::size_t>(i)) && output.getType() == nvinfer1::DataType::kHALF) {
        output.setAllowedFormats(1U << static_cast<unsigned>(nvinfer1::TensorFormat::kHWC8));
      }
    }
  }

  // The network as describe() wants it.
  RawModel rawModel() const {
    const auto portOf = [](const nvinfer1::ITensor& tensor) {
      return Port{tensor.getName(), tensor.getType(), tensor.getDimensions()};
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

  // An optimization profile for what is dynamic. Sizes that would be refused when the engine is loaded are refused
  // here, before the long build.
  void setShapes() {
    const RawModel raw = rawModel();
    const ModelInfo info = describe(raw, {}).info;
    const auto orElse = [](int value, int otherwise) { return value != 0 ? value : otherwise; };
    const Size largest{orElse(option_.width, info.networkWidth), orElse(option_.height, info.networkHeight)};
    const Size smallest{orElse(option_.minWidth, largest.width), orElse(option_.minHeight, largest.height)};
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
    if (!info.dynamicBatch && option_.maxBatch != 1 && option_.maxBatch != info.batch) {
      throw ModelError("'" + path_ + "': the network's batch is fixed at " + std::to_string(info.batch) +
                       ", asked for were " + std::to_string(option_.maxBatch) +
                       "; export the model with dynamic sizes to choose it");
    }

    const nvinfer1::ITensor& input = *network_->getInput(0);
    const nvinfer1::Dims shape = input.getDimensions();
    nvinfer1::Dims least = shape, optimal = shape, most = shape;
    bool dynamic = false;
    const auto settle = [&](int axis, int low, int middle, int high) {
      if (shape.d[axis] == -1) {
        least.d[axis] = low;
        optimal.d[axis] = middle;
        most.d[axis] = high;
        dynamic = true;
      }
    };
    settle(0, option_.minBatch, orElse(option_.optBatch, option_.maxBatch), option_.maxBatch);
    settle(1, 3, 3, 3);
    settle(2, smallest.height, largest.height, largest.height);
    settle(3, smallest.width, largest.width, largest.width);
    if (!dynamic) {
      return;
    }
    nvinfer1::IOptimizationProfile* profile = builder_->createOptimizationProfile();
    const bool valid = profile->setDimensions(input.getName(), nvinfer1::OptProfileSelector::kMIN, least) &&
                       profile->setDimensions(input.getName(), nvinfer1::OptProfileSelector::kOPT, optimal) &&
                       profile->setDimensions(input.getName(), nvinfer1::OptProfileSelector::kMAX, most) &&
                       config_->addOptimizationProfile(profile) >= 0;
    if (!valid) {
      throw ModelError("'" + path_ + "': TensorRT does not take the sizes asked for, " + Logger::take());
    }
  }

  std::unique_ptr<nvinfer1::ITimingCache> timingCache() {
    if (option_.timingCache.empty()) {
      return nullptr;
    }
    const std::string bytes = readFile(option_.timingCache).value_or("");
    std::unique_ptr<nvinfer1::ITimingCache> cache(config_->createTimingCache(bytes.data(), bytes.size()));
    if (!cache || !config_->setTimingCache(*cache, false)) {
      // Of another GPU or version, or damaged.
      cache.reset(config_->createTimingCache(nullptr, 0));
      config_->setTimingCache(*cache, false);
    }
    return cache;
  }

  // Beside those that other builds have added since this one read the file.
  void keepTimings() const {
    const nvinfer1::ITimingCache* const own = option_.timingCache.empty() ? nullptr : config_->getTimingCache();
    if (!own) {
      return;
    }
    const auto error = updateFile(option_.timingCache, [&](const std::string& current) {
      const std::unique_ptr<nvinfer1::ITimingCache> all(config_->createTimingCache(current.data(), current.size()));
      const bool combined = all && all->combine(*own, false);
      const std::unique_ptr<nvinfer1::IHostMemory> bytes((combined ? all.get() : own)->serialize());
      return bytes ? std::string(static_cast<const char*>(bytes->data()), bytes->size()) : current;
    });
    if (error) {
      // The engine is there all the same; the next build takes as long as this one did.
      writeLog(LogLevel::Warning, "'" + option_.timingCache + "': timings cannot be written: " + error.message());
    }
  }

  std::string path_, doing_;
  const BuildOption& option_;
  Metadata metadata_;
  const Library& library_;
  Precision precision_ = Precision::F32;
  bool cut_ = false;                             // of the network: see model/cut/head_cut.hpp
  std::optional<RawHead> raw_;                   // of its grids, if it was
  HalfWeights halfWeights_;                      // of the network
  std::unique_ptr<nvinfer1::IBuilder> builder_;  // before what it makes
  std::unique_ptr<nvinfer1::INetworkDefinition> network_;
  std::unique_ptr<nvinfer1::IBuilderConfig> config_;
  std::unique_ptr<nvonnxparser::IParser> parser_;
};

}  // namespace

BuiltPlan build(const ModelSource& onnx, const BuildOption& option) {
  cuda::checkDevice(option.deviceId);
  const cuda::DeviceScope scope(option.deviceId);
  const bool hasSideFiles = !onnx.sideFiles().empty();
  if (hasSideFiles) {
    onnx.fingerprint();
  }
  const std::optional<std::string> plain = withWeightsInF32(onnx.content());
  const std::string_view content = plain ? *plain : onnx.content();
  const std::optional<std::string> cut = cutPlugins(onnx.path(), content);
  const std::string_view read = cut ? *cut : content;
  const std::optional<std::string> usual = withUsualInput(read);
  const std::string_view whole = usual ? *usual : read;
  auto network = std::make_unique<Build>(whole, onnx.path(), option);
  if (const std::optional<std::string> left = network->withCutHead(whole)) {
    network.reset();
    network = std::make_unique<Build>(*left, onnx.path(), option);
    if (!network->gridsFit()) {
      network.reset();
      network = std::make_unique<Build>(whole, onnx.path(), option);
    }
  }
  BuiltPlan plan = network->run();
  // TensorRT has read those files by itself.
  if (hasSideFiles && ModelSource(onnx.path()).fingerprint() != onnx.fingerprint()) {
    throw ModelError("'" + onnx.path() + "': its files were replaced while an engine was built from them; begin again");
  }
  return plan;
}

}  // namespace trtyolo::tensorrt
