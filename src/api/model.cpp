// The public models: checks, and the way from images to the engine's context.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <mutex>
#include <optional>
#include <span>
#include <system_error>
#include <utility>

#include "api/image_check.hpp"
#include "api/image_decoding.hpp"
#include "api/model_parts.hpp"
#include "api/option.hpp"
#include "api/performance.hpp"
#include "api/self_test.hpp"
#include "api/slicing.hpp"
#include "base/trace.hpp"
#include "model/result_header.hpp"
#include "runtime/engine.hpp"
#include "runtime/engine_registry.hpp"

namespace trtyolo {

class Model::Impl {
 public:
  Impl(std::shared_ptr<const Engine> engine, std::shared_ptr<EngineRegistry> registry, std::optional<Size> sourceSize,
       ImageDecoding decoding, PostprocessOptions options, bool measure)
      : engine_(std::move(engine)),
        registry_(std::move(registry)),
        context_(engine_->createContext()),
        header_(engine_->description()),
        sourceSize_(sourceSize),
        decoding_(std::move(decoding)),
        options_(std::move(options)),
        log_(measure ? std::make_unique<PerformanceLog>() : nullptr) {}

  std::unique_ptr<Impl> clone() const { return cloneOn(engine_); }

  std::unique_ptr<Impl> clone(int gpu) const {
    if (!engine_->gpu()) {
      throw DeviceError("'" + info().file + "': a clone on GPU " + std::to_string(gpu) +
                        " was asked for, but this model runs on the CPU (" + info().device +
                        "); clone() without a number makes a clone there");
    }
    return cloneOn(registry_->on(gpu));
  }

  const ModelInfo& info() const { return engine_->description().info; }
  const Engine& engine() const { return *engine_; }
  ModelParts parts() const { return {engine_, registry_, sourceSize_, decoding_, options()}; }

  PostprocessOptions options() const {
    const std::lock_guard lock(mutex_);
    return options_;
  }
  template <typename Change>
  void changeOptions(Change change) {
    const std::lock_guard lock(mutex_);
    change(options_);
  }

  std::vector<Result> predict(const Image* images, std::size_t count) {
    const InUse inUse(*this);
    const TraceRange range("predict");
    const auto start = std::chrono::steady_clock::now();
    std::vector<ImageView> views;
    views.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      views.push_back(
          checkedView(images[i], sourceSize_, count == 1 ? std::nullopt : std::optional(i), engine_->gpu()));
    }
    std::vector<Result> results(count);
    measure(start, count, run(views, options(), results));
    return results;
  }

  // The next images are decoded while the last run.
  std::vector<Result> predict(std::span<const EncodedImage> images) {
    const InUse inUse(*this);
    const TraceRange range("predict");
    const auto start = std::chrono::steady_clock::now();
    decoding_.require();
    const PostprocessOptions wanted = options();
    std::vector<Result> results(images.size());
    StageTimes times;
    const std::size_t most = std::max({decoding_.batch(*engine_), batch(), kDecodedTogether});
    std::future<std::vector<ReadyImage>> next = decodeLater(images, 0, most, std::launch::deferred);
    for (std::size_t begin = 0; begin < images.size(); begin += most) {
      const std::vector<ReadyImage> ready = next.get();
      if (begin + most < images.size()) {
        next = decodeLater(images, begin + most, most, std::launch::async);
      }
      std::vector<ImageView> views;
      views.reserve(ready.size());
      for (const ReadyImage& image : ready) {
        if (image.error) {
          std::rethrow_exception(image.error);
        }
        views.push_back(image.view);
      }
      add(times, run(views, wanted, {&results[begin], views.size()}));
    }
    measure(start, images.size(), times);
    return results;
  }

  Result predict(const Image& image, const SliceOption& slices) {
    return predictSlices(slices, [&] { return checkedView(image, sourceSize_, std::nullopt, engine_->gpu()); });
  }

  Result predict(const EncodedImage& image, const SliceOption& slices) {
    ReadyImage ready;
    return predictSlices(slices, [&] {
      decoding_.require();
      ready = decoding_.decodeWhole(image, *engine_);
      return ready.view;
    });
  }

  const PerformanceLog& log(const char* asked) const {
    if (!log_) {
      throw Error(std::string(asked) +
                  ": nothing was collected; call InferOption::enablePerformanceReport() before the model is made");
    }
    return *log_;
  }

 private:
  // Encoded images that are decoded at once, at least: on a CPU several cores work on them.
  static constexpr std::size_t kDecodedTogether = 8;

  std::unique_ptr<Impl> cloneOn(std::shared_ptr<const Engine> engine) const {
    return std::make_unique<Impl>(std::move(engine), registry_, sourceSize_, decoding_, options(), log_ != nullptr);
  }

  template <typename ViewOf>
  Result predictSlices(const SliceOption& slices, const ViewOf& viewOf) {
    const InUse inUse(*this);
    const TraceRange range("predict");
    const auto start = std::chrono::steady_clock::now();
    const PostprocessOptions wanted = options();
    checkSlices(slices, info(), wanted);
    const ImageView image = viewOf();
    const std::vector<ImageView> views = sliceViews(image, slices);
    SliceMerger merger(image, slices);
    StageTimes times;
    const std::size_t most =
        slices.maxBatch > 0 ? std::min(static_cast<std::size_t>(slices.maxBatch), batch()) : batch();
    for (std::size_t begin = 0; begin < views.size(); begin += most) {
      const std::span<const ImageView> part = std::span(views).subspan(begin, std::min(most, views.size() - begin));
      std::vector<Result> results(part.size());
      add(times, run(part, wanted, results));
      for (Result& result : results) {
        merger.add(std::move(result));
      }
    }
    Result result = merger.merged();
    measure(start, 1, times);
    return result;
  }

  static void add(StageTimes& sum, const StageTimes& run) {
    sum.preprocess += run.preprocess;
    sum.inference += run.inference;
    sum.postprocess += run.postprocess;
  }

  // In as many runs as it takes.
  StageTimes run(std::span<const ImageView> views, const PostprocessOptions& wanted, std::span<Result> results) {
    std::vector<Letterbox> letterboxes;
    letterboxes.reserve(views.size());
    for (const ImageView& view : views) {
      letterboxes.push_back(engine_->description().fit(view.wholeSize()));
    }
    StageTimes times;
    for (std::size_t begin = 0, end = 0; begin < views.size(); begin = end) {
      end = groupEnd(letterboxes, begin);
      const std::size_t size = end - begin;
      const std::span<Result> part = results.subspan(begin, size);
      const std::span<const ImageView> images = views.subspan(begin, size);
      const StageTimes took = context_->predict(images, {&letterboxes[begin], size}, wanted, part);
      header_.addTo(part, images, took);
      add(times, took);
    }
    return times;
  }

  void measure(std::chrono::steady_clock::time_point start, std::size_t count, const StageTimes& times) {
    if (log_ && count > 0) {
      const std::chrono::duration<double, std::milli> host = std::chrono::steady_clock::now() - start;
      log_->add(static_cast<int>(count), host.count(), times);
    }
  }

  // The images from `begin` on, `most` at most.
  std::future<std::vector<ReadyImage>> decodeLater(std::span<const EncodedImage> images, std::size_t begin,
                                                   std::size_t most, std::launch how) const {
    const auto decode = [this, all = images.size(), begin,
                         part = images.subspan(begin, std::min(most, images.size() - begin))] {
      return decoding_.decode(part, *engine_, all == 1 ? std::nullopt : std::optional(begin));
    };
    try {
      return std::async(how, decode);
    } catch (const std::system_error&) {  // no more threads: then not beside the run
      return std::async(std::launch::deferred, decode);
    }
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

  std::size_t batch() const { return static_cast<std::size_t>(info().batch); }

  // Behind the last image that can go into one run with the image at `begin`.
  std::size_t groupEnd(const std::vector<Letterbox>& letterboxes, std::size_t begin) const {
    std::size_t end = begin + 1;
    while (end < letterboxes.size() && end - begin < batch() &&
           letterboxes[end].network == letterboxes[begin].network) {
      ++end;
    }
    return end;
  }

  std::shared_ptr<const Engine> engine_;
  std::shared_ptr<EngineRegistry> registry_;
  std::unique_ptr<Context> context_;
  ResultHeader header_;
  std::optional<Size> sourceSize_;
  ImageDecoding decoding_;
  mutable std::mutex mutex_;  // of the thresholds
  PostprocessOptions options_;
  std::unique_ptr<PerformanceLog> log_;
  std::atomic<bool> inUse_ = false;
};

namespace {

void checkClasses(const std::vector<int>& sorted, const ModelInfo& info) {
  if (sorted.empty() || info.names.empty()) {
    return;  // a network that suppresses by itself may have classes that nobody counted
  }
  const auto classes = static_cast<int>(info.names.size());
  if (sorted.back() >= classes) {
    throw std::invalid_argument("setClasses: '" + info.file + "' has classes 0 to " + std::to_string(classes - 1) +
                                ", found " + std::to_string(sorted.back()));
  }
}

DescriptionCheck checkFor(std::optional<Task> task, const InferOption& option) {
  return [task, classes = option.impl().postprocess.classes.value_or(std::vector<int>())](
             const ModelDescription& description) {
    if (task && description.info.task != *task) {
      throw ModelError("'" + description.info.file + "': a model for the task '" + toString(*task) +
                       "' was expected, this one's is '" + toString(description.info.task) + "'");
    }
    checkClasses(classes, description.info);
  };
}

template <typename Impl>
std::unique_ptr<Impl> loadImpl(const std::string& file, const InferOption& option, std::optional<Task> task) {
  const InferOption::Impl& said = option.impl();
  auto registry = std::make_shared<EngineRegistry>(file, said.engine, checkFor(task, option));
  auto engine = registry->loadFirst();
  testOnLoad(*engine, said.engine, said.selfTest);
  PostprocessOptions options = said.postprocess.over(engine->description().postprocess);
  ImageDecoding decoding(said.decoder, said.engine.description.pixels.swapRB, said.fastDecode, said.sourceSize);
  return std::make_unique<Impl>(std::move(engine), std::move(registry), said.sourceSize, std::move(decoding),
                                std::move(options), said.performanceReport);
}

}  // namespace

Model::Model(const std::string& file, const InferOption& option, std::optional<Task> task)
    : impl_(loadImpl<Impl>(file, option, task)) {}
Model::Model(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Model::~Model() = default;
Model::Model(Model&&) noexcept = default;
Model& Model::operator=(Model&&) noexcept = default;

Model Model::load(const std::string& file, const InferOption& option) {
  return {file, option, std::nullopt};
}

Model::Impl& Model::impl() const {
  if (!impl_) {
    throw Error("this model was moved from; only the model that it was moved to can be used");
  }
  return *impl_;
}

Model Model::copy() const {
  return Model(impl().clone());
}

Model Model::copy(int deviceId) const {
  return Model(impl().clone(deviceId));
}

std::unique_ptr<Model> Model::clone() const {
  return std::unique_ptr<Model>(new Model(impl().clone()));
}

std::unique_ptr<Model> Model::clone(int deviceId) const {
  return std::unique_ptr<Model>(new Model(impl().clone(deviceId)));
}

Result Model::predict(const Image& image) {
  return std::move(impl().predict(&image, 1).front());
}

std::vector<Result> Model::predict(const std::vector<Image>& images) {
  return impl().predict(images.data(), images.size());
}

Result Model::predict(const EncodedImage& image) {
  return std::move(impl().predict({&image, 1}).front());
}

std::vector<Result> Model::predict(const std::vector<EncodedImage>& images) {
  return impl().predict({images.data(), images.size()});
}

Result Model::predict(const Image& image, const SliceOption& slices) {
  return impl().predict(image, slices);
}

Result Model::predict(const EncodedImage& image, const SliceOption& slices) {
  return impl().predict(image, slices);
}

int Model::batch() const {
  return info().batch;
}

const ModelInfo& Model::info() const {
  return impl().info();
}

ModelParts Model::parts() const {
  return impl().parts();
}

void Model::setConfidence(float threshold) {
  PostprocessOptions::checkedFraction("setConfidence: the threshold", threshold);
  impl().changeOptions([&](PostprocessOptions& options) { options.confidence = threshold; });
}

void Model::setIou(float threshold) {
  PostprocessOptions::checkedFraction("setIou: the threshold", threshold);
  impl().changeOptions([&](PostprocessOptions& options) { options.iou = threshold; });
}

void Model::setMaxDetections(int most) {
  PostprocessOptions::checkedCount("setMaxDetections: the number", most);
  impl().changeOptions([&](PostprocessOptions& options) { options.maxDetections = most; });
}

void Model::setClasses(const std::vector<int>& classes) {
  std::vector<int> sorted = PostprocessOptions::checkedClasses(classes);
  checkClasses(sorted, info());
  impl().changeOptions([&](PostprocessOptions& options) { options.classes = std::move(sorted); });
}

void Model::setAgnostic(bool agnostic) {
  impl().changeOptions([&](PostprocessOptions& options) { options.agnostic = agnostic; });
}

void Model::setTopK(int classes) {
  PostprocessOptions::checkedCount("setTopK: the number of classes", classes);
  impl().changeOptions([&](PostprocessOptions& options) { options.topK = classes; });
}

void Model::setRetinaMasks(bool retina) {
  impl().changeOptions([&](PostprocessOptions& options) { options.retinaMasks = retina; });
}

std::tuple<std::string, std::string, std::string> Model::performanceReport() const {
  return impl().log("performanceReport").report();
}

Timing Model::timing() const {
  return impl().log("timing").timing();
}

MemoryUse Model::memory() const {
  return impl().engine().memory();
}

NetworkSpeed Model::measureNetwork(int requests, double seconds) const {
  PostprocessOptions::checkedCount("measureNetwork: the number of requests", requests);
  if (!(seconds > 0)) {
    throw std::invalid_argument("measureNetwork: the time must be more than 0 seconds, found " +
                                std::to_string(seconds));
  }
  return impl().engine().measureNetwork(requests, seconds);
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
