#include <algorithm>
#include <mutex>
#include <openvino/op/round.hpp>
#include <openvino/openvino.hpp>
#include <optional>
#include <random>
#include <utility>

#include "base/log.hpp"
#include "model/head.hpp"
#include "runtime/backends.hpp"
#include "runtime/network_speed.hpp"
#include "runtime/openvino/context.hpp"
#include "runtime/openvino/core.hpp"
#include "runtime/openvino/eight_bits.hpp"
#include "runtime/openvino/graph_repair.hpp"
#include "runtime/openvino/reader.hpp"

namespace trtyolo::openvino {
namespace {

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

// Where the sums of eight bits would be wrong, the network is computed in real numbers, with the values that it is
// quantized to.
void keepFromSaturating(const ov::Model& network, const std::string& file, ov::AnyMap& settings) {
  if (addsBytesExactly() || !hasWeightsOverSevenBits(network)) {
    return;
  }
  settings["LP_TRANSFORMS_MODE"] = "NO";
  writeLog(LogLevel::Info, "'" + file +
                               "': this processor (no VNNI) cannot add up the products of its eight-bit weights, so it "
                               "is computed in f32; quantized with weights of seven bits (quantize "
                               "--weight-bits 7; ONNX Runtime: reduce_range=True) it would run in eight");
}

// Fixes what the options fix, and puts f32 on both ends whatever the file has.
void prepare(const std::shared_ptr<ov::Model>& network, const ModelDescription& description) {
  const ModelInfo& info = description.info;
  ov::PartialShape shape = network->input().get_partial_shape();
  shape[0] = info.dynamicBatch && info.batch > 1 ? ov::Dimension(1, info.batch) : ov::Dimension(info.batch);
  const InputForm& form = description.input;
  const std::ptrdiff_t height = form.channelsLast ? 1 : 2;
  shape[form.channelsLast ? 3 : 1] = form.channels;
  if (!description.rect) {
    shape[height] = info.networkHeight;
    shape[height + 1] = info.networkWidth;
  } else {
    shape[height] = ov::Dimension(info.stride, info.networkHeight);
    shape[height + 1] = ov::Dimension(info.stride, info.networkWidth);
  }
  network->reshape(shape);
  keepSlicesBeforeGathers(network);
  joinQuantizers(network);
  ov::preprocess::PrePostProcessor ends(network);
  ends.input().tensor().set_element_type(ov::element::f32).set_layout("NCHW");
  ends.input().model().set_layout(form.channelsLast ? "NHWC" : "NCHW");
  if (form.bytes) {
    ends.input().preprocess().custom([](const ov::Output<ov::Node>& value) {
      return std::make_shared<ov::op::v5::Round>(value, ov::op::v5::Round::RoundMode::HALF_TO_EVEN)->output(0);
    });
  }
  for (std::size_t i = 0; i < network->outputs().size(); ++i) {
    ends.output(i).tensor().set_element_type(ov::element::f32);
  }
  ends.build();
}

void fillWithNoise(ov::Tensor tensor, const ov::Shape& shape) {
  if (tensor.get_shape() != shape) {
    tensor.set_shape(shape);
  }
  std::minstd_rand random(1);
  std::uniform_real_distribution<float> values(0.0F, 1.0F);
  std::generate_n(tensor.data<float>(), tensor.get_size(), [&] { return values(random); });
}

// Keeps all `requests` running for about `seconds`, on input of `shape` that no part of the network can skip over. The
// requests must be destroyed after this, whether it throws or not.
NetworkSpeed measureNetwork(std::vector<ov::InferRequest>& requests, const ov::Shape& shape, double seconds) {
  for (ov::InferRequest& request : requests) {
    fillWithNoise(request.get_input_tensor(), shape);
  }
  const auto race = std::make_shared<CallbackRace>();
  const auto start = [&](std::size_t i) {
    // Set anew for each run: OpenVINO takes it away while it runs, and a run that ends meanwhile would find none.
    requests[i].set_callback([race, i](const std::exception_ptr& failure) { race->ended(i, failure); });
    requests[i].start_async();
  };
  race->run(requests.size(), 0, start);  // the first run of a request allocates and is not counted
  return race->run(requests.size(), seconds, start);
}

class OpenVinoEngine final : public Engine {
 public:
  OpenVinoEngine(const ModelSource& source, const EngineOptions& options, const DescriptionCheck& check) {
    ReadModel model = readModel(source, options);
    description_ = std::move(model.description);
    check(description_);
    head_.emplace(description_);
    askOpenVino<ModelError>(source.path(), "OpenVINO cannot prepare the model for the CPU", [&] {
      core_.emplace();
      prepare(model.network, description_);
      ov::AnyMap settings = settingsOf(options);
      keepFromSaturating(*model.network, source.path(), settings);
      compiled_ = (*core_)->compile_model(model.network, kDevice, settings);
      description_.info.device = core_->device();
      parallelRuns_ = static_cast<int>(compiled_.get_property(ov::optimal_number_of_infer_requests));
    });
  }

  const ModelDescription& description() const override { return description_; }
  int parallelRuns() const override { return parallelRuns_; }

  std::unique_ptr<Context> createContext() const override {
    return std::make_unique<OpenVinoContext>(std::static_pointer_cast<const OpenVinoEngine>(shared_from_this()),
                                             createRequest(), *head_, memory_);
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
    const auto channels = static_cast<std::size_t>(description_.input.channels);
    const ov::Shape shape{static_cast<std::size_t>(info.batch), channels, static_cast<std::size_t>(info.networkHeight),
                          static_cast<std::size_t>(info.networkWidth)};
    return askOpenVino<InferenceError>(info.file, "OpenVINO failed to run the bare network",
                                       [&] { return openvino::measureNetwork(made, shape, seconds); });
  }

 private:
  ov::InferRequest createRequest() const {
    return askOpenVino<InferenceError>(description_.info.file, "OpenVINO cannot create another infer request", [&] {
      // The compiled model is shared by all clones, and creating a request is not promised to be thread-safe.
      const std::lock_guard lock(creating_);
      return compiled_.create_infer_request();
    });
  }

  std::optional<Core> core_;  // first, so that it goes last
  ModelDescription description_;
  std::optional<Head> head_;
  mutable ContextMemory memory_;
  mutable std::mutex creating_;
  int parallelRuns_ = 1;                // its streams
  mutable ov::CompiledModel compiled_;  // create_infer_request() is not const
};

std::shared_ptr<const Engine> load(const ModelSource& source, const EngineOptions& options,
                                   const DescriptionCheck& check) {
  return std::make_shared<const OpenVinoEngine>(source, options, check);
}

ModelDescription inspect(const ModelSource& source, const EngineOptions& options) {
  ModelDescription description = readModel(source, options).description;
  description.info.device =
      askOpenVino<DeviceError>(source.path(), "OpenVINO does not name the processor", [] { return Core().device(); });
  return description;
}

std::string version() {
  const std::string build = ov::get_openvino_version().buildNumber;
  return build.substr(0, build.find('-'));
}

}  // namespace

BackendEntry backend() {
  return {.id = Backend::OpenVINO,
          .name = "OpenVINO",
          .onGpu = false,
          .opens = [](FileKind kind) { return kind != FileKind::TensorRtEngine; },
          .whyNotUsable = [] { return std::string(); },
          .version = &version,
          .load = &load,
          .inspect = &inspect,
          .build = nullptr,
          .pinned = nullptr,
          .gpuCount = nullptr};
}

}  // namespace trtyolo::openvino
