// The public pools: checks, and the way from images to the scheduler.
#include "trtyolo/pool.hpp"

#include <algorithm>
#include <optional>
#include <system_error>
#include <utility>

#include "api/image_check.hpp"
#include "api/model_parts.hpp"
#include "api/option.hpp"
#include "api/results.hpp"
#include "model/thresholds.hpp"
#include "pool/scheduler.hpp"

namespace trtyolo {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::hours kLongestWait(1);  // more is a mistake, and could overflow
constexpr std::size_t kRunsInQueue = 4;        // for each context, unless said otherwise
constexpr std::size_t kShortestQueue = 64;

// Lets the library in, where models and clones are the only ones that BaseModel knows.
struct ImplOf : BaseModel {
  static Impl& of(const BaseModel& model) { return (model.*&ImplOf::impl)(); }
};

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

Entry entryOf(WhenFull whenFull) {
  return whenFull == WhenFull::Refuse ? Entry::Refuse : Entry::Block;
}

// Images of one call. None of them is in the pool any more when it goes: their pixels are the caller's again.
class Flight {
 public:
  explicit Flight(Scheduler& scheduler) : scheduler_(scheduler) {}
  ~Flight() {
    for (const auto& request : requests_) {
      scheduler_.cancel(*request);
    }
    for (const auto& request : requests_) {
      scheduler_.wait(*request);
    }
  }
  Flight(const Flight&) = delete;
  Flight& operator=(const Flight&) = delete;

  std::size_t size() const { return requests_.size(); }
  void add(std::shared_ptr<PoolRequest> request) { requests_.push_back(std::move(request)); }
  Prediction takeFirst() {
    Prediction result = scheduler_.take(*requests_.front());
    requests_.pop_front();
    return result;
  }

 private:
  Scheduler& scheduler_;
  std::deque<std::shared_ptr<PoolRequest>> requests_;
};

}  // namespace

QueueFullError::~QueueFullError() = default;
DeadlineError::~DeadlineError() = default;
CancelledError::~CancelledError() = default;
ClosedError::~ClosedError() = default;

// ---------------------------------------------------------------------------------------------------------------------
// Pools

class BasePool::Impl {
 public:
  Impl(ModelParts model, const PoolOption& option, std::unique_ptr<Context> forOne)
      : engine_(std::move(model.engine)),
        sourceSize_(model.sourceSize),
        contexts_(chosen("contexts", option.contexts, engine_->parallelRuns(), 1024, "more cannot pay")),
        settings_(settingsOf(option)),
        entry_(entryOf(option.whenFull)) {
    std::vector<std::unique_ptr<Context>> contexts;
    contexts.reserve(static_cast<std::size_t>(contexts_));
    for (int i = 0; i < contexts_; ++i) {
      contexts.push_back(engine_->createContext());
    }
    try {
      scheduler_ =
          std::make_shared<Scheduler>(std::move(contexts), std::move(forOne), std::move(model.thresholds), settings_);
    } catch (const std::system_error& error) {
      throw Error("pool of '" + info().file + "': the machine has no more threads (one is needed for each of " +
                  std::to_string(contexts_) + " contexts): " + error.what());
    }
  }
  ~Impl() { scheduler_->close(Ending::Drain); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  const ModelInfo& info() const { return engine_->description().info; }
  int contexts() const { return contexts_; }
  const SchedulerSettings& settings() const { return settings_; }
  Scheduler& scheduler() const { return *scheduler_; }
  std::size_t inFlight() const { return 2 * static_cast<std::size_t>(contexts_) * settings_.largestBatch; }

  // Gives the results, one after the other, to `take`.
  template <typename Take>
  void predict(const Image* images, std::size_t count, const Take& take) const {
    // An image that waits for its result needs no other wait for room.
    const Entry first = entry_ == Entry::Block ? Entry::Later : entry_;
    if (count == 1) {
      const ImageView view = checkedView(images[0], sourceSize_, std::nullopt);
      take(0, scheduler_->predict(view, engine_->description().fit(view.size), first));
      return;
    }
    std::vector<ImageView> views;
    views.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      views.push_back(checkedView(images[i], sourceSize_, i));
    }
    Flight flight(*scheduler_);
    std::size_t done = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (flight.size() >= inFlight()) {
        take(done++, flight.takeFirst());
      }
      auto request = requestFor(views[i]);
      scheduler_->submit(request, i == 0 ? first : Entry::Later);
      flight.add(std::move(request));
    }
    while (done < count) {
      take(done++, flight.takeFirst());
    }
  }

  Request submit(const OwnedImage& image, const SubmitOption& option,
                 std::function<void(const Request&)> onDone) const {
    Request request = requestFor(checkedView(image, sourceSize_, std::nullopt));
    request->deadline = option.deadline;
    request->owner = image.owner;
    request->onDone = std::move(onDone);
    scheduler_->submit(request, option.whenFull ? entryOf(*option.whenFull) : entry_);
    return request;
  }

  Request submitInOrder(const OwnedImage& image) const {
    Request request;
    try {
      request = requestFor(checkedView(image, sourceSize_, std::nullopt));
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
  SchedulerSettings settingsOf(const PoolOption& option) const {
    const int most = info().batch;
    const std::string why = info().dynamicBatch ? "the model's batch(): InferOption::setBatch() sets it"
                                                : "the batch that '" + info().file + "' was made for";
    if (option.longestWait < std::chrono::microseconds(0) || option.longestWait > kLongestWait) {
      throw std::invalid_argument("PoolOption: longestWait must be between 0 and an hour, found " +
                                  std::to_string(option.longestWait.count()) + " microseconds");
    }
    SchedulerSettings settings;
    settings.largestBatch = static_cast<std::size_t>(chosen("largestBatch", option.largestBatch, most, most, why));
    settings.longestWait = option.longestWait;
    settings.queueLength =
        option.queueLength > 0
            ? option.queueLength
            : std::max(kShortestQueue, kRunsInQueue * static_cast<std::size_t>(contexts_) * settings.largestBatch);
    settings.file = info().file;
    return settings;
  }

  Request requestFor(const ImageView& view) const {
    auto request = std::make_shared<PoolRequest>();
    request->image = view;
    request->box = engine_->description().fit(view.size);
    request->scheduler = scheduler_;
    return request;
  }

  std::shared_ptr<const Engine> engine_;
  std::optional<Size> sourceSize_;
  int contexts_;
  SchedulerSettings settings_;
  Entry entry_;
  std::shared_ptr<Scheduler> scheduler_;  // tickets have a share of it, but what is large goes when it is closed
};

InferOption BasePool::forManyCallers(const InferOption& option) {
  InferOption copy = option;
  if (!copy.impl().engine.streams) {
    copy.setStreams(0);
  }
  return copy;
}

namespace {

// A context of `forOne` that can stand in for those of `model`; it keeps its engine alive.
std::unique_ptr<Context> contextForOne(const ModelParts& model, const ModelParts& forOne) {
  const ModelInfo &wanted = model.engine->description().info, &found = forOne.engine->description().info;
  const auto text = [](const ModelInfo& info) {
    return std::to_string(info.networkWidth) + "x" + std::to_string(info.networkHeight) +
           (info.dynamicSize ? " or any other" : "") + ", " + std::to_string(info.names.size()) + " classes";
  };
  if (wanted.networkWidth != found.networkWidth || wanted.networkHeight != found.networkHeight ||
      wanted.dynamicSize != found.dynamicSize || wanted.names.size() != found.names.size()) {
    throw std::invalid_argument("Pool: the model for one image, '" + found.file + "' (" + text(found) +
                                "), is to be the same network as '" + wanted.file + "' (" + text(wanted) + ")");
  }
  return forOne.engine->createContext();
}

}  // namespace

BasePool::BasePool(const BaseModel& model, const PoolOption& option, const BaseModel* forOne)
    : impl_(std::make_unique<Impl>(
          partsOf(ImplOf::of(model)), option,
          forOne ? contextForOne(partsOf(ImplOf::of(model)), partsOf(ImplOf::of(*forOne))) : nullptr)) {}
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

int BasePool::largestBatch() const {
  return static_cast<int>(impl().settings().largestBatch);
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

void BasePool::close(Ending ending) {
  impl().scheduler().close(ending);
}

template <typename Result>
void BasePool::predictInto(const Image* images, std::size_t count, Result* results) {
  impl().predict(images, count,
                 [&](std::size_t i, Prediction&& prediction) { fill(results[i], std::move(prediction)); });
}

template TRTYOLO_API void BasePool::predictInto(const Image*, std::size_t, ClsResult*);
template TRTYOLO_API void BasePool::predictInto(const Image*, std::size_t, DetResult*);
template TRTYOLO_API void BasePool::predictInto(const Image*, std::size_t, OBBResult*);
template TRTYOLO_API void BasePool::predictInto(const Image*, std::size_t, SegResult*);
template TRTYOLO_API void BasePool::predictInto(const Image*, std::size_t, PoseResult*);

BasePool::Request BasePool::submitImage(const OwnedImage& image, const SubmitOption& option,
                                        std::function<void(const Request&)> onDone) {
  return impl().submit(image, option, std::move(onDone));
}

BasePool::Request BasePool::submitInOrder(const OwnedImage& image) {
  return impl().submitInOrder(image);
}

std::size_t BasePool::inFlight() const {
  return impl().inFlight();
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

template <typename Result>
void BaseTicket::take(Result& result) {
  PoolRequest& request = checkedRequest(request_);
  fill(result, request.scheduler->take(request));
}

template TRTYOLO_API void BaseTicket::take(ClsResult&);
template TRTYOLO_API void BaseTicket::take(DetResult&);
template TRTYOLO_API void BaseTicket::take(OBBResult&);
template TRTYOLO_API void BaseTicket::take(SegResult&);
template TRTYOLO_API void BaseTicket::take(PoseResult&);

}  // namespace trtyolo
