// The public pools: checks, and the way from images to the scheduler.
#include "trtyolo/pool.hpp"

#include <algorithm>
#include <optional>
#include <span>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "api/image_check.hpp"
#include "api/model_parts.hpp"
#include "api/option.hpp"
#include "api/pool_devices.hpp"
#include "api/slicing.hpp"
#include "model/postprocess_options.hpp"
#include "pool/scheduler.hpp"

namespace trtyolo {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::hours kMaxQueueDelay(1);  // more is a mistake, and could overflow
constexpr std::size_t kRunsInQueue = 4;          // for each context, unless said otherwise
constexpr std::size_t kShortestQueue = 64;
constexpr int kMostDecoders = 8;   // threads that decode, unless said otherwise
constexpr int kBatchDecoders = 2;  // the same of decoders that take several images: one works, one gathers

int chosen(const char* what, int value, int otherwise, int most, const std::string& whyMost) {
  if (value < 0) {
    throw std::invalid_argument(std::string("PoolOption: ") + what + " must not be negative, found " +
                                std::to_string(value));
  }
  if (value > most) {
    throw std::invalid_argument(std::string("PoolOption: ") + what + " must be at most " + std::to_string(most) + " (" +
                                whyMost + "), found " + std::to_string(value));
  }
  return value == 0 ? otherwise : value;
}

Entry entryOf(QueueFullPolicy queueFullPolicy) {
  return queueFullPolicy == QueueFullPolicy::Reject ? Entry::Reject : Entry::Block;
}

// Images of one call. None of them is in the pool any more when it goes: their pixels are the caller's again.
class InFlightRequests {
 public:
  // `numbered`: errors say which image they are of.
  InFlightRequests(Scheduler& scheduler, bool numbered) : scheduler_(scheduler), numbered_(numbered) {}
  ~InFlightRequests() {
    for (const auto& request : requests_) {
      scheduler_.cancel(*request);
    }
    for (const auto& request : requests_) {
      scheduler_.wait(*request);
    }
  }
  InFlightRequests(const InFlightRequests&) = delete;
  InFlightRequests& operator=(const InFlightRequests&) = delete;

  std::size_t size() const { return requests_.size(); }
  void submit(const std::shared_ptr<PoolRequest>& request, Entry entry) {
    requests_.push_back(request);  // before: what is in the pool must be waited for
    scheduler_.submit(request, entry);
  }
  Result popFront() {
    try {
      Result result = scheduler_.take(*requests_.front());
      requests_.pop_front();
      ++taken_;
      return result;
    } catch (const DecodeError& error) {
      throw numbered_ ? ImageDecoding::numbered(error, taken_) : error;
    }
  }

 private:
  Scheduler& scheduler_;
  bool numbered_;
  std::size_t taken_ = 0;
  std::deque<std::shared_ptr<PoolRequest>> requests_;
};

}  // namespace

// ---------------------------------------------------------------------------------------------------------------------
// Pools

class BasePool::Impl {
 public:
  // `lowLatency`: null if there is none.
  Impl(ModelParts model, const PoolOption& option, const ModelParts* lowLatency)
      : engines_(enginesOn(poolDevices(option, *model.engine, gpuCount()), model)),
        sourceSize_(model.sourceSize),
        decoding_(model.decoding),
        contexts_(chosen("contexts", option.contexts, engine().parallelRuns(), 1024, "more cannot pay")),
        settings_(settingsOf(option)),
        options_(model.options),
        entry_(entryOf(option.queueFullPolicy)) {
    try {
      scheduler_ = std::make_shared<Scheduler>(schedulerDevices(lowLatency), std::move(model.options), settings_);
    } catch (const std::system_error& error) {
      throw Error("pool of '" + info().file + "': the machine has no more threads (one is needed for each of " +
                  std::to_string(contexts()) + " contexts): " + error.what());
    }
  }
  ~Impl() { scheduler_->close(CloseMode::Drain); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  const ModelInfo& info() const { return engine().description().info; }
  int contexts() const { return contexts_ * static_cast<int>(engines_.size()); }
  std::vector<int> devices() const {
    std::vector<int> gpus;
    for (const auto& engine : engines_) {
      if (const std::optional<int> gpu = engine->gpu()) {
        gpus.push_back(*gpu);
      }
    }
    return gpus;
  }
  const SchedulerSettings& settings() const { return settings_; }
  Scheduler& scheduler() const { return *scheduler_; }
  std::size_t inFlight(bool encoded) const {
    const DecodeStage& stage = settings_.decoding;
    return (encoded && stage.decode ? stage.ahead : runSoon(settings_)) * engines_.size();
  }

  void predict(const Image* images, std::size_t count, const std::function<void(Result&&)>& take) const {
    // An image that waits for its result needs no other wait for room.
    const Entry first = entry_ == Entry::Block ? Entry::Later : entry_;
    if (count == 1) {
      const ImageView view = checked(images[0]);
      take(scheduler_->predict(view, engine().description().fit(view.size), first, deviceOf(view)));
      return;
    }
    std::vector<ImageView> views;
    views.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      views.push_back(checked(images[i], i));
    }
    predictInOrder(count, inFlight(false), first, take, [&](std::size_t i) { return requestFor(views[i]); });
  }

  void predict(const EncodedImage* images, std::size_t count, const std::function<void(Result&&)>& take) const {
    decoding_.require();
    predictInOrder(count, inFlight(true), entry_ == Entry::Block ? Entry::Later : entry_, take,
                   [&](std::size_t i) { return requestFor(OwnedEncodedImage(images[i])); });
  }

  Result predict(const Image& image, const SliceOption& slices) const {
    checkSlices(slices, info(), options_);
    return predictSlices(checked(image), slices);
  }

  Result predict(const EncodedImage& image, const SliceOption& slices) const {
    checkSlices(slices, info(), options_);
    decoding_.require();
    const ReadyImage ready = decoding_.decodeWhole(image, engine());
    return predictSlices(ready.view, slices);
  }

  Request submit(const OwnedImage& image, const SubmitOption& option,
                 std::function<void(const Request&)> onDone) const {
    Request request = requestFor(checked(image));
    request->owner = image.owner;
    return send(std::move(request), option, std::move(onDone));
  }

  Request submit(const OwnedEncodedImage& image, const SubmitOption& option,
                 std::function<void(const Request&)> onDone) const {
    decoding_.require();
    return send(requestFor(image), option, std::move(onDone));
  }

  Request submitInOrder(const OwnedEncodedImage& image) const {
    decoding_.require();
    Request request = requestFor(image);
    scheduler_->submit(request, Entry::Later);
    return request;
  }

  Request submitInOrder(const OwnedImage& image) const {
    Request request;
    try {
      request = requestFor(checked(image));
    } catch (const std::invalid_argument&) {
      request = std::make_shared<PoolRequest>();
      request->scheduler = scheduler_;
      request->error = std::current_exception();
      return request;
    }
    request->owner = image.owner;
    scheduler_->submit(request, Entry::Later);
    return request;
  }

 private:
  const Engine& engine() const { return *engines_.front(); }  // the same but for the GPU on all devices

  ImageView checked(const Image& image, std::optional<std::size_t> index = std::nullopt) const {
    return checkedView(image, sourceSize_, index, engine().gpu());
  }

  Result predictSlices(const ImageView& image, const SliceOption& slices) const {
    const std::vector<ImageView> views = sliceViews(image, slices);
    SliceMerger merger(image, slices);
    predictInOrder(
        views.size(), inFlight(false), entry_ == Entry::Block ? Entry::Later : entry_,
        [&](Result&& result) { merger.add(std::move(result)); }, [&](std::size_t i) { return requestFor(views[i]); });
    return merger.merged();
  }

  // The device that the image must be run on: with one device, which looks at the image itself, none.
  std::optional<std::size_t> deviceOf(const ImageView& view) const {
    const std::optional<int> gpu = engines_.size() > 1 ? gpuHolding(view) : std::nullopt;
    return gpu ? std::optional(indexOfGpu(*gpu, devices())) : std::nullopt;
  }

  // Any engine can tell whose GPU works.
  std::optional<int> gpuHolding(const ImageView& view) const {
    for (const auto& engine : engines_) {
      try {
        return engine->gpuHolding(view);
      } catch (const DeviceError&) {
        if (engine == engines_.back()) {
          throw;
        }
      }
    }
    return std::nullopt;
  }

  std::vector<SchedulerDevice> schedulerDevices(const ModelParts* lowLatency) const {
    std::vector<SchedulerDevice> devices;
    for (const auto& engine : engines_) {
      SchedulerDevice device;
      device.gpu = engine->gpu();
      device.contexts.reserve(static_cast<std::size_t>(contexts_));
      for (int i = 0; i < contexts_; ++i) {
        device.contexts.push_back(engine->createContext());
      }
      if (lowLatency) {
        device.lowLatency = engineOn(device.gpu, *lowLatency)->createContext();
      }
      device.works = [engine] { return engine->works(); };
      devices.push_back(std::move(device));
    }
    return devices;
  }

  Request send(Request request, const SubmitOption& option, std::function<void(const Request&)> onDone) const {
    request->deadline = option.deadline;
    request->onDone = std::move(onDone);
    scheduler_->submit(request, option.queueFullPolicy ? entryOf(*option.queueFullPolicy) : entry_);
    return request;
  }

  // Images that the contexts of a device run next: two runs of each.
  std::size_t runSoon(const SchedulerSettings& settings) const {
    return 2 * static_cast<std::size_t>(contexts_) * settings.maxBatchSize;
  }

  SchedulerSettings settingsOf(const PoolOption& option) const {
    const int most = info().batch;
    const std::string why = info().dynamicBatch ? "the model's batch(): InferOption::setBatch() sets it"
                                                : "the batch that '" + info().file + "' was made for";
    if (option.maxQueueDelay < std::chrono::microseconds(0) || option.maxQueueDelay > kMaxQueueDelay) {
      throw std::invalid_argument("PoolOption: maxQueueDelay must be between 0 and an hour, found " +
                                  std::to_string(option.maxQueueDelay.count()) + " microseconds");
    }
    SchedulerSettings settings;
    settings.maxBatchSize = static_cast<std::size_t>(chosen("maxBatchSize", option.maxBatchSize, most, most, why));
    settings.maxQueueDelay = option.maxQueueDelay;
    settings.queueLength =
        option.queueLength > 0
            ? option.queueLength
            : std::max(kShortestQueue, kRunsInQueue * static_cast<std::size_t>(contexts()) * settings.maxBatchSize);
    settings.file = info().file;
    settings.header = ResultHeader(engine().description());
    if (decoding_.possible()) {
      settings.decoding = decodeStage(option, runSoon(settings));
    }
    return settings;
  }

  // `soon`: images that a device runs next.
  DecodeStage decodeStage(const PoolOption& option, std::size_t soon) const {
    DecodeStage stage;
    stage.batch = decoding_.batch(engine());
    const int cores = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
    const int devices = static_cast<int>(engines_.size());
    const int usual = stage.batch > 1 ? kBatchDecoders * devices : std::max(std::min(cores, kMostDecoders), devices);
    stage.threads =
        static_cast<std::size_t>(chosen("decodeThreads", option.decodeThreads, usual, 1024, "more cannot pay"));
    stage.ahead = soon + (stage.threads + engines_.size() - 1) / engines_.size() * stage.batch;
    // Nothing is decoded any more when this goes; tickets, which keep the scheduler, are not to keep the decoder.
    stage.decode = [this](std::span<const EncodedImage> images, std::size_t device) {
      return decoding_.decode(images, *engines_[device], std::nullopt);
    };
    stage.fit = [this](Size size) { return engine().description().fit(size); };
    return stage;
  }

  template <typename RequestOf>
  void predictInOrder(std::size_t count, std::size_t most, Entry first, const std::function<void(Result&&)>& take,
                      const RequestOf& requestOf) const {
    InFlightRequests inFlightRequests(*scheduler_, count > 1);
    for (std::size_t i = 0; i < count; ++i) {
      if (inFlightRequests.size() >= most) {
        take(inFlightRequests.popFront());
      }
      inFlightRequests.submit(requestOf(i), i == 0 ? first : Entry::Later);
    }
    while (inFlightRequests.size() > 0) {
      take(inFlightRequests.popFront());
    }
  }

  // Its bytes are a copy, unless somebody keeps them: it may end while it is decoded.
  Request requestFor(const OwnedEncodedImage& image) const {
    auto request = std::make_shared<PoolRequest>();
    request->encoded = image;
    request->owner = image.owner;
    if (!request->owner && image.bytes) {
      const auto* const first = static_cast<const std::byte*>(image.bytes);
      const auto copy = std::make_shared<const std::vector<std::byte>>(first, first + image.size);
      request->encoded->bytes = copy->data();
      request->owner = copy;
    }
    request->scheduler = scheduler_;
    return request;
  }

  Request requestFor(const ImageView& view) const {
    auto request = std::make_shared<PoolRequest>();
    request->image = view;
    request->box = engine().description().fit(view.size);
    request->device = deviceOf(view);
    request->scheduler = scheduler_;
    return request;
  }

  std::vector<std::shared_ptr<const Engine>> engines_;  // of each device; at least one
  std::optional<Size> sourceSize_;
  ImageDecoding decoding_;
  int contexts_;  // of each device
  SchedulerSettings settings_;
  PostprocessOptions options_;
  Entry entry_;
  std::shared_ptr<Scheduler> scheduler_;  // tickets have a share of it, but what is large goes when it is closed
};

InferOption BasePool::forManyCallers(const InferOption& option, const PoolOption& pool) {
  InferOption copy = option;
  if (!copy.impl().engine.streams) {
    copy.setStreams(0);
  }
  if (pool.devices && !pool.devices->empty() && pool.devices->front() >= 0) {
    copy.setDeviceId(pool.devices->front());
  }
  return copy;
}

namespace {

// That contexts of `lowLatencyModel` can stand in for those of `model`.
void checkLowLatencyModel(const ModelParts& model, const ModelParts& lowLatencyModel) {
  const ModelInfo &wanted = model.engine->description().info, &found = lowLatencyModel.engine->description().info;
  const auto text = [](const ModelInfo& info) {
    return std::to_string(info.networkWidth) + "x" + std::to_string(info.networkHeight) +
           (info.dynamicSize ? " or any other" : "") + ", " + std::to_string(info.names.size()) + " classes";
  };
  if (wanted.networkWidth != found.networkWidth || wanted.networkHeight != found.networkHeight ||
      wanted.dynamicSize != found.dynamicSize || wanted.names.size() != found.names.size()) {
    throw std::invalid_argument("Pool: the model for one image, '" + found.file + "' (" + text(found) +
                                "), is to be the same network as '" + wanted.file + "' (" + text(wanted) + ")");
  }
}

}  // namespace

BasePool::BasePool(const Model& model, const PoolOption& option, const Model* lowLatencyModel) {
  if (!lowLatencyModel) {
    impl_ = std::make_unique<Impl>(model.parts(), option, nullptr);
    return;
  }
  const ModelParts lowLatency = lowLatencyModel->parts();
  checkLowLatencyModel(model.parts(), lowLatency);
  impl_ = std::make_unique<Impl>(model.parts(), option, &lowLatency);
}
BasePool::~BasePool() = default;
BasePool::BasePool(BasePool&&) noexcept = default;
BasePool& BasePool::operator=(BasePool&&) noexcept = default;

BasePool::Impl& BasePool::impl() const {
  if (!impl_) {
    throw Error("this pool was moved from; only the pool that it was moved to can be used");
  }
  return *impl_;
}

int BasePool::contexts() const {
  return impl().contexts();
}

std::vector<int> BasePool::devices() const {
  return impl().devices();
}

int BasePool::maxBatchSize() const {
  return static_cast<int>(impl().settings().maxBatchSize);
}

std::size_t BasePool::queueLength() const {
  return impl().settings().queueLength;
}

const ModelInfo& BasePool::info() const {
  return impl().info();
}

PoolMetrics BasePool::metrics() const {
  return impl().scheduler().metrics();
}

double PoolMetrics::meanBatch() const {
  std::uint64_t runs = 0, images = 0;
  for (std::size_t i = 0; i < batchSizes.size(); ++i) {
    runs += batchSizes[i];
    images += batchSizes[i] * (i + 1);
  }
  return runs == 0 ? 0 : static_cast<double>(images) / static_cast<double>(runs);
}

void BasePool::close(CloseMode mode) {
  impl().scheduler().close(mode);
}

void BasePool::predictEach(const Image* images, std::size_t count, const std::function<void(Result&&)>& take) {
  impl().predict(images, count, take);
}

BasePool::Request BasePool::submitImage(const OwnedImage& image, const SubmitOption& option,
                                        std::function<void(const Request&)> onDone) {
  return impl().submit(image, option, std::move(onDone));
}

BasePool::Request BasePool::submitInOrder(const OwnedImage& image) {
  return impl().submitInOrder(image);
}

void BasePool::predictEach(const EncodedImage* images, std::size_t count, const std::function<void(Result&&)>& take) {
  impl().predict(images, count, take);
}

BasePool::Request BasePool::submitImage(const OwnedEncodedImage& image, const SubmitOption& option,
                                        std::function<void(const Request&)> onDone) {
  return impl().submit(image, option, std::move(onDone));
}

BasePool::Request BasePool::submitInOrder(const OwnedEncodedImage& image) {
  return impl().submitInOrder(image);
}

Result BasePool::predictSlices(const Image& image, const SliceOption& slices) {
  return impl().predict(image, slices);
}

Result BasePool::predictSlices(const EncodedImage& image, const SliceOption& slices) {
  return impl().predict(image, slices);
}

std::size_t BasePool::inFlight(bool encoded) const {
  return impl().inFlight(encoded);
}

// ---------------------------------------------------------------------------------------------------------------------
// Tickets

namespace {

PoolRequest& checkedRequest(const std::shared_ptr<PoolRequest>& request) {
  if (!request) {
    throw Error("this ticket is of no image: it was made empty, or moved from");
  }
  return *request;
}

}  // namespace

bool BaseTicket::ready() const {
  const PoolRequest& request = checkedRequest(request_);
  return request.scheduler->ready(request);
}

void BaseTicket::wait() const {
  PoolRequest& request = checkedRequest(request_);
  request.scheduler->wait(request);
}

bool BaseTicket::waitUntil(std::chrono::steady_clock::time_point time) const {
  PoolRequest& request = checkedRequest(request_);
  return request.scheduler->wait(request, time);
}

bool BaseTicket::cancel() {
  PoolRequest& request = checkedRequest(request_);
  return request.scheduler->cancel(request);
}

Result BaseTicket::take() {
  PoolRequest& request = checkedRequest(request_);
  return request.scheduler->take(request);
}

}  // namespace trtyolo
