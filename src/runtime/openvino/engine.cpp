#include "runtime/openvino/engine.hpp"

#include <mutex>
#include <openvino/openvino.hpp>
#include <utility>

#include "model/head.hpp"
#include "runtime/openvino/context.hpp"
#include "runtime/openvino/graph_repair.hpp"
#include "runtime/openvino/network_speed.hpp"
#include "runtime/openvino/reader.hpp"

namespace trtyolo::openvino {
namespace {

constexpr const char* kDevice = "CPU";

ov::AnyMap settingsOf(const EngineOptions& options) {
  ov::AnyMap settings;
  switch (options.precision) {
    case Precision::F32:
      settings.insert(ov::hint::inference_precision(ov::element::f32));
      break;
    case Precision::F16:
      settings.insert(ov::hint::inference_precision(ov::element::f16));
      break;
    case Precision::BF16:
      settings.insert(ov::hint::inference_precision(ov::element::bf16));
      break;
    case Precision::Auto:
      break;
  }
  const int streams = options.streams.value_or(1);
  if (streams == 0) {
    settings.insert(ov::hint::performance_mode(ov::hint::PerformanceMode::THROUGHPUT));
  } else {
    settings.insert(ov::num_streams(streams));
  }
  if (options.threads > 0) {
    settings.insert(ov::inference_num_threads(options.threads));
    // Pinned, every engine with fewer threads than cores would take the same first cores.
    settings.insert(ov::hint::enable_cpu_pinning(false));
  }
  return settings;
}

// Fixes what the options fix, and puts f32 on both ends whatever the file has.
void prepare(const std::shared_ptr<ov::Model>& network, const ModelDescription& description) {
  const ModelInfo& info = description.info;
  ov::PartialShape shape = network->input().get_partial_shape();
  shape[0] = info.dynamicBatch && info.batch > 1 ? ov::Dimension(1, info.batch) : ov::Dimension(info.batch);
  shape[1] = 3;
  if (!description.rect) {
    shape[2] = info.networkHeight;
    shape[3] = info.networkWidth;
  } else {
    shape[2] = ov::Dimension(info.stride, info.networkHeight);
    shape[3] = ov::Dimension(info.stride, info.networkWidth);
  }
  network->reshape(shape);
  keepSlicesBeforeGathers(network);
  ov::preprocess::PrePostProcessor ends(network);
  ends.input().tensor().set_element_type(ov::element::f32);
  for (std::size_t i = 0; i < network->outputs().size(); ++i) {
    ends.output(i).tensor().set_element_type(ov::element::f32);
  }
  ends.build();
}

class OpenVinoEngine final : public Engine {
 public:
  OpenVinoEngine(const std::string& path, const ModelFile& file, const EngineOptions& options,
                 const DescriptionCheck& check)
      : normalization_(options.normalization) {
    ReadModel model = readModel(path, file, options);
    description_ = std::move(model.description);
    check(description_);
    head_ = makeHead(description_);
    try {
      prepare(model.network, description_);
      compiled_ = core_.compile_model(model.network, kDevice, settingsOf(options));
      description_.info.device = core_.get_property(kDevice, ov::device::full_name);
      parallelRuns_ = static_cast<int>(compiled_.get_property(ov::optimal_number_of_infer_requests));
    } catch (const std::exception& error) {
      throw ModelError("'" + path + "': OpenVINO cannot prepare the model for the CPU: " + plainMessage(error));
    }
  }

  const ModelDescription& description() const override { return description_; }
  int parallelRuns() const override { return parallelRuns_; }

  std::unique_ptr<Context> createContext() const override {
    return std::make_unique<OpenVinoContext>(std::static_pointer_cast<const OpenVinoEngine>(shared_from_this()),
                                             createRequest(), *head_, normalization_, memory_);
  }

  // OpenVINO does not tell what else it takes.
  MemoryUse memory() const override {
    MemoryUse use;
    use.buffers = memory_.bytes;
    use.executors = memory_.contexts;
    return use;
  }

  NetworkSpeed measureNetwork(int requests, double seconds) const override {
    std::vector<ov::InferRequest> made;
    made.reserve(static_cast<std::size_t>(requests));
    for (int i = 0; i < requests; ++i) {
      made.push_back(createRequest());
    }
    const ModelInfo& info = description_.info;
    return openvino::measureNetwork(
        std::move(made),
        {static_cast<std::size_t>(info.batch), 3, static_cast<std::size_t>(info.networkHeight),
         static_cast<std::size_t>(info.networkWidth)},
        seconds);
  }

 private:
  ov::InferRequest createRequest() const {
    try {
      // The compiled model is shared by all clones, and creating a request is not promised to be thread-safe.
      const std::lock_guard lock(creating_);
      return compiled_.create_infer_request();
    } catch (const std::exception& error) {
      throw InferenceError("'" + description_.info.file +
                           "': OpenVINO cannot create another infer request: " + plainMessage(error));
    }
  }

  ov::Core core_;  // first, so that it goes last
  ModelDescription description_;
  Normalization normalization_;
  std::unique_ptr<Head> head_;
  mutable ContextMemory memory_;
  mutable std::mutex creating_;
  int parallelRuns_ = 1;                // its streams
  mutable ov::CompiledModel compiled_;  // create_infer_request() is not const
};

}  // namespace

std::shared_ptr<const Engine> loadEngine(const std::string& path, const ModelFile& file, const EngineOptions& options,
                                         const DescriptionCheck& check) {
  return std::make_shared<const OpenVinoEngine>(path, file, options, check);
}

ModelDescription inspectFile(const std::string& path, const ModelFile& file, const EngineOptions& options) {
  ModelDescription description = readModel(path, file, options).description;
  description.info.device = ov::Core().get_property(kDevice, ov::device::full_name);
  return description;
}

std::string version() {
  const std::string build = ov::get_openvino_version().buildNumber;
  return build.substr(0, build.find('-'));
}

}  // namespace trtyolo::openvino
