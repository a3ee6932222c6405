// trtyolo::Pool: many callers, one model. Images of all callers wait in one queue, and those that arrive while the
// network runs share its next run.
//
//   #include "trtyolo/pool.hpp"
//
//   trtyolo::Pool<trtyolo::DetectModel> pool("yolo11n.engine");       // or of a model that is there already
//   trtyolo::DetResult result = pool.predict(image);                  // from any number of threads
//   trtyolo::Ticket<trtyolo::DetResult> ticket = pool.submit(image);  // or without waiting,
//   result = ticket.get();                                            // until here
//
// Pool<> is a pool of a model of any task, and gives trtyolo::Result.
//
// The conventions are those of trtyolo.hpp.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "api.hpp"
#include "encoded.hpp"
#include "errors.hpp"
#include "image.hpp"
#include "info.hpp"
#include "model.hpp"
#include "options.hpp"
#include "results.hpp"
#include "slices.hpp"

namespace trtyolo {

// ---------------------------------------------------------------------------------------------------------------------
// Options

/// What happens to an image that finds the queue full: its caller waits, or gets QueueFullError.
enum class QueueFullPolicy { Block, Reject };

/// What close() does with images that wait: all are run, or none (ClosedError). Those in a run are finished either way.
enum class CloseMode { Drain, Drop };

/// How many GPUs models can run on, numbered from 0. None without a driver, and in builds for CPUs.
TRTYOLO_API int gpuCount();

/// How a pool works. Checked by the pool's constructor.
struct TRTYOLO_API PoolOption {
  /// Runs at the same time, on each device. 0: what keeps the machine busy; on a CPU the engine's streams
  /// (InferOption::setStreams), on a GPU 2 for images in its memory, so that one run is made ready while the other is
  /// at work, and 4 for images in host memory, which are made ready by the processor.
  int contexts = 0;
  /// Most images in one run, at most the model's batch(). 0: that.
  int maxBatchSize = 0;
  /// How long an image may wait for others to share its run with while other runs are at work. None waits for company
  /// when no run is at work.
  std::chrono::microseconds maxQueueDelay = std::chrono::milliseconds(2);
  /// Most images that wait in the queue. 0: four runs for each context of each device, but at least 64. Images that are
  /// run again because their GPU failed come on top.
  std::size_t queueLength = 0;
  QueueFullPolicy queueFullPolicy = QueueFullPolicy::Block;  ///< what happens to an image that finds it full
  /// Threads that decode encoded images; they begin with the first one. 0: 2 for each device if the decoder takes
  /// several images at a time, otherwise one a core, but at most 8 and at least one for each device.
  int decodeThreads = 0;
  /// GPUs that the pool runs images on, by their ordinals; each gets an engine and contexts of its own. nullopt: the
  /// GPU of the model alone. For models on GPUs.
  std::optional<std::vector<int>> devices;
  /// All GPUs of the machine, in the place of `devices`; for a model on the CPU that is the CPU.
  bool allDevices = false;
};

/// An image, and what keeps its pixels in memory: the pool lets go of `owner` when it has read them. Without an owner
/// the caller sees to it that the pixels stay until the ticket is ready.
struct TRTYOLO_API OwnedImage : Image {
  std::shared_ptr<const void> owner;  ///< keeps the pixels; null: the caller does

  OwnedImage() = default;
  /// `image`, whose pixels stay as long as `keptBy`.
  // NOLINTNEXTLINE(google-explicit-constructor): an image whose pixels the caller keeps needs no words
  OwnedImage(const Image& image, std::shared_ptr<const void> keptBy = nullptr)
      : Image(image), owner(std::move(keptBy)) {}
};

/// An encoded image, and what keeps its bytes in memory: the pool lets go of `owner` when the image is done. Without an
/// owner the pool copies the bytes.
struct TRTYOLO_API OwnedEncodedImage : EncodedImage {
  std::shared_ptr<const void> owner;  ///< keeps the bytes; null: they are copied

  OwnedEncodedImage() = default;
  /// `image`, whose bytes stay as long as `keptBy`.
  // NOLINTNEXTLINE(google-explicit-constructor): an image whose bytes are to be copied needs no words
  OwnedEncodedImage(const EncodedImage& image, std::shared_ptr<const void> keptBy = nullptr)
      : EncodedImage(image), owner(std::move(keptBy)) {}
};

/// How one image is to be treated.
struct TRTYOLO_API SubmitOption {
  /// If its run has not begun by then, it is not run (DeadlineError). A run that has begun is finished.
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
  /// What happens if the queue is full; nullopt: as PoolOption::queueFullPolicy says.
  std::optional<QueueFullPolicy> queueFullPolicy;
};

// ---------------------------------------------------------------------------------------------------------------------
// Metrics

/// Durations since the pool was made, in milliseconds. Percentiles are within 2 %, of what lasts less than four
/// minutes.
struct TRTYOLO_API PoolTimes {
  std::uint64_t count = 0;                                         ///< how many were measured
  double sum = 0, median = 0, p90 = 0, p95 = 0, p99 = 0, max = 0;  ///< milliseconds
  /// How many lasted less than 0.065536 ms (2^16 ns), how many less than twice, four times, ... as long: up to 17.2 s.
  std::array<std::uint64_t, 19> below{};
};

/// What one device of a pool has done since the pool was made.
struct TRTYOLO_API PoolDeviceMetrics {
  std::optional<int> gpu;    ///< ordinal of the GPU; nullopt: the CPU
  std::uint64_t runs = 0;    ///< runs that gave results
  std::uint64_t images = 0;  ///< images of them
  std::size_t running = 0;   ///< runs at work now
  /// Why the GPU is not used any more; empty: it is. The last GPU of a pool stays in use, whatever it does.
  std::string failure;
};

/// What a pool has done since it was made, and what it is doing. All images that were accepted are somewhere here:
/// submitted = finished + failed + expired + cancelled + dropped + blocked + waiting + running.
struct TRTYOLO_API PoolMetrics {
  std::uint64_t submitted = 0;             ///< images accepted
  std::uint64_t finished = 0;              ///< of them: have a result
  std::uint64_t failed = 0;                ///< of them: their run threw, or they could not be decoded
  std::uint64_t expired = 0;               ///< of them: DeadlineError
  std::uint64_t cancelled = 0;             ///< of them: CancelledError
  std::uint64_t dropped = 0;               ///< of them: ClosedError
  std::size_t blocked = 0;                 ///< now before a full queue
  std::size_t waiting = 0;                 ///< now in the queue
  std::size_t running = 0;                 ///< now in a run
  std::uint64_t rejected = 0;              ///< images not accepted, because the queue was full
  std::size_t longestQueue = 0;            ///< most that ever waited in the queue
  std::size_t undecoded = 0;               ///< of those in the queue: encoded images that are not decoded yet
  DecodeCounts decoded;                    ///< encoded images that the decoder has worked on, ended meanwhile or not
  std::vector<std::uint64_t> batchSizes;   ///< runs by their number of images: [0] of one image, [1] of two, ...
  std::uint64_t rerun = 0;                 ///< times that an image was run again because its GPU failed
  std::vector<PoolDeviceMetrics> devices;  ///< in the order of BasePool::devices(); one entry on a CPU

  PoolTimes queueTime;    ///< of each image, from the call to the start of its run
  PoolTimes decode;       ///< of each call of the decoder
  PoolTimes preprocess;   ///< of each run: images into the network's input
  PoolTimes inference;    ///< of each run: the network; on a GPU everything that it does for the run
  PoolTimes postprocess;  ///< of each run: from the network's outputs to results
  PoolTimes latency;      ///< of each image that has a result: from the call to the result

  /// Images of a run in the mean, from batchSizes; 0 before the first run.
  double meanBatch() const;
};

/// Metrics of pools in Prometheus' text format, version 0.0.4; each pool by the name that it is given here, as the
/// label "pool", in which U+FFFD stands for bytes that are not UTF-8. The names of the metrics begin with
/// "trtyolo_pool_".
TRTYOLO_API std::string prometheus(const std::map<std::string, PoolMetrics>& pools);

// ---------------------------------------------------------------------------------------------------------------------
// Tickets

class PoolRequest;  // of the library itself

/// What tickets of all results share; see Ticket.
class TRTYOLO_API BaseTicket {
 public:
  BaseTicket() = default;
  ~BaseTicket() = default;
  BaseTicket(BaseTicket&&) noexcept = default;
  BaseTicket& operator=(BaseTicket&&) noexcept = default;
  BaseTicket(const BaseTicket&) = delete;
  BaseTicket& operator=(const BaseTicket&) = delete;

  /// Whether it is of an image: not if made by the default constructor, or moved from. All below throws Error then.
  bool valid() const noexcept { return request_ != nullptr; }
  /// Whether get() would return, or throw, at once.
  bool ready() const;
  /// Returns when the ticket is ready.
  void wait() const;
  /// Returns when the ticket is ready or the time is over, and gives ready().
  bool waitUntil(std::chrono::steady_clock::time_point time) const;
  /// The same with a duration.
  template <class Rep, class Period>
  bool waitFor(const std::chrono::duration<Rep, Period>& duration) const {
    using Clock = std::chrono::steady_clock;
    const auto now = Clock::now();
    const bool endless = std::chrono::duration<double>(duration) >= std::chrono::hours(24 * 365);  // would overflow
    return waitUntil(endless ? Clock::time_point::max() : now + std::chrono::duration_cast<Clock::duration>(duration));
  }
  /// Takes the image out of the queue: the ticket is ready then, and get() throws CancelledError. False, and without
  /// effect, if its run has begun or it is ready: a run cannot be stopped, and reads the pixels until it ends.
  bool cancel();

 protected:
  explicit BaseTicket(std::shared_ptr<PoolRequest> request) : request_(std::move(request)) {}

  trtyolo::Result take();

 private:
  friend class BasePool;
  std::shared_ptr<PoolRequest> request_;
};

/// Stands for the result of an image that was submitted to a pool. It may outlive the pool, which leaves no ticket
/// unready; a ticket that goes does not cancel its image. Any thread may ask a ticket; get() is for one of them.
template <class TypedResult = Result>
class Ticket : public BaseTicket {
 public:
  Ticket() = default;

  /// Waits for the result, and gives it. Once: a second get() throws Error.
  /// @throws InferenceError, DeviceError  the image's run failed
  /// @throws DeadlineError, CancelledError, ClosedError  it was not run
  TypedResult get() { return TypedResult(take()); }

 private:
  template <class M>
  friend class Pool;
  explicit Ticket(std::shared_ptr<PoolRequest> request) : BaseTicket(std::move(request)) {}
};

// ---------------------------------------------------------------------------------------------------------------------
// Pools

/// What pools of all models share; see Pool.
class TRTYOLO_API BasePool {
 public:
  /// close(CloseMode::Drain).
  ~BasePool();
  BasePool(BasePool&&) noexcept;
  BasePool& operator=(BasePool&&) noexcept;
  BasePool(const BasePool&) = delete;
  BasePool& operator=(const BasePool&) = delete;

  int contexts() const;              ///< runs at the same time, on all devices together
  std::vector<int> devices() const;  ///< the GPUs that it runs on, in their order; empty on a CPU
  int maxBatchSize() const;          ///< most images in one run
  std::size_t queueLength() const;   ///< most images that wait
  /// How many images of one caller keep the pool busy; of encoded ones it takes more, as they are decoded before.
  std::size_t inFlight(bool encoded = false) const;
  const ModelInfo& info() const;  ///< as the model's; valid as long as the pool
  PoolMetrics metrics() const;    ///< any time, also when closed

  /// Accepts no more images, ends those that wait as `mode` says, and returns when all runs have ended, all tickets
  /// are ready and all callbacks have returned (called from a callback: all others before it). The memory of the
  /// contexts is released. Closing again is allowed: CloseMode::Drop then drops what an CloseMode::Drain has left.
  void close(CloseMode mode = CloseMode::Drain);

 protected:
  // `lowLatencyModel`: its context runs images that come alone; null: as all others.
  BasePool(const Model& model, const PoolOption& option, const Model* lowLatencyModel = nullptr);

  using Request = std::shared_ptr<PoolRequest>;

  // On the first device of the pool, and with as many streams as suit the machine, unless they were set.
  static InferOption forManyCallers(const InferOption& option, const PoolOption& pool);
  // Hands the results to `take`, in their order, in the caller's thread.
  void predictEach(const Image* images, std::size_t count, const std::function<void(trtyolo::Result&&)>& take);
  // Throws what submit() throws.
  Request submitImage(const OwnedImage& image, const SubmitOption& option, std::function<void(const Request&)> onDone);
  // Waits for room. An image that is refused becomes a request that has failed. Throws ClosedError.
  Request submitInOrder(const OwnedImage& image);

  // The same of encoded images.
  void predictEach(const EncodedImage* images, std::size_t count, const std::function<void(trtyolo::Result&&)>& take);
  Request submitImage(const OwnedEncodedImage& image, const SubmitOption& option,
                      std::function<void(const Request&)> onDone);
  Request submitInOrder(const OwnedEncodedImage& image);

  // One image, of which each slice is one of the queue.
  trtyolo::Result predictSlices(const Image& image, const SliceOption& slices);
  trtyolo::Result predictSlices(const EncodedImage& image, const SliceOption& slices);

 private:
  class Impl;
  Impl& impl() const;  ///< throws Error if moved from

  std::unique_ptr<Impl> impl_;
};

/// A queue in front of several contexts of one model. `M` is Model or a typed model.
///
/// Batches: an image that finds the pool idle is run at once, by predict() in the caller's own thread. While runs are
/// at work, images wait until a run is full, or the oldest has waited PoolOption::maxQueueDelay, or no run is at work
/// any more. Images share a run if they have the same network size. The oldest image is run first, and waits for no
/// other when its time is over, so that none waits for ever.
///
/// Several GPUs (PoolOption::devices): images in host memory and encoded ones go where least is at work; images in the
/// memory of a GPU are run by that GPU. Order of arrival decides among all images that a GPU can run, and none waits
/// for another that it cannot run.
///
/// Failures: an image that is not what Image says it must be is refused in its caller's thread. If a run fails, its
/// images are run again one by one, so that an image fails by itself only. A GPU of several that fails for good is left
/// out: the log says so once, and so does PoolDeviceMetrics::failure; its images are run again by the other GPUs, but
/// for those in its own memory, which get its error. The last GPU stays in use, and its images get its errors.
///
/// Results are those of the model with the thresholds that it has when the pool is made. The pool shares the model's
/// engine (weights are in memory once), and needs the model itself no longer.
///
/// Threads: everything may be called from any thread at any time, but the destructor, which no call may follow; calls
/// that wait are served before it returns.
template <class M = Model>
class Pool : public BasePool {
 public:
  /// What predict() of the model gives.
  using Result = decltype(std::declval<M&>().predict(std::declval<const Image&>()));

  /// @throws std::invalid_argument  an option makes no sense for this model
  /// @throws ModelError, DeviceError  the model cannot be loaded on one of PoolOption::devices
  explicit Pool(const M& model, const PoolOption& option = {}) : BasePool(model, option) {}

  /// A pool of `model` in which an image that is alone, because the pool is idle, is run by `lowLatencyModel`: the same
  /// network with the same options, made ready for the lowest latency, where `model` is for the most images a second.
  /// On a CPU that is one stream beside several, on a GPU an engine for one image beside one for batches. The price is
  /// the memory of both engines.
  /// @throws std::invalid_argument  an option makes no sense for `model`, or `lowLatencyModel` has another network size
  Pool(const M& model, const M& lowLatencyModel, const PoolOption& option = {})
      : BasePool(model, option, &lowLatencyModel) {}

  /// A pool of a model that is loaded from `file`, as load() loads it; unless `option` says how many, with as many
  /// streams on a CPU as suit the machine (InferOption::setStreams(0)).
  /// @throws ModelError, DeviceError  the model cannot be loaded
  /// @throws std::invalid_argument  an option makes no sense for this model
  explicit Pool(const std::string& file, const InferOption& option = {}, const PoolOption& pool = {})
      : BasePool(M::load(file, forManyCallers(option, pool)), pool) {}

  /// The result of one image. Returns when it is complete.
  /// @throws std::invalid_argument  the image is not what Image says it must be
  /// @throws InferenceError, DeviceError  its run failed
  /// @throws QueueFullError, ClosedError  it was not run
  Result predict(const Image& image) { return predictOne(image); }

  /// The same for any number of images, in their order. All images are checked before the first is run. They enter the
  /// queue a few at a time, so that other callers' images come in between; QueueFullPolicy::Reject regards the first of
  /// them. If one fails, those that were not run yet are cancelled, and its error is thrown.
  std::vector<Result> predict(const std::vector<Image>& images) { return predictAll(images); }

  /// What is in the image that these bytes hold, by the model's decoder (InferOption::setImageDecoder()). It is decoded
  /// by a thread of the pool, with others if the decoder takes several at a time, while earlier images run.
  /// @throws DecodeError  the bytes are no image, damaged, or hold too many pixels
  /// @throws std::invalid_argument  the model has no decoder
  Result predict(const EncodedImage& image) { return predictOne(image); }

  /// The same for any number of images, in their order, which enter the queue as images do. The first that cannot be
  /// decoded ends the call with its error.
  std::vector<Result> predict(const std::vector<EncodedImage>& images) { return predictAll(images); }

  /// As Model::predict(image, slices). Each slice is an image of its own in the queue, so all contexts work on them,
  /// and other callers' images come in between; they enter a few at a time. QueueFullPolicy::Reject regards the first
  /// of them. If one fails, those that were not run yet are cancelled, and its error is thrown. Encoded images are
  /// decoded by the caller's thread; on a GPU of several, the one that has decoded an image runs its slices.
  Result predict(const Image& image, const SliceOption& slices) { return Result(predictSlices(image, slices)); }
  /// The same.
  Result predict(const EncodedImage& image, const SliceOption& slices) { return Result(predictSlices(image, slices)); }

  /// Puts an image into the queue and returns: at once, or, if the queue is full, as QueueFullPolicy says.
  /// @throws std::invalid_argument  the image is not what Image says it must be
  /// @throws QueueFullError, ClosedError  it was not accepted
  Ticket<Result> submit(const OwnedImage& image, const SubmitOption& option = {}) {
    return Ticket<Result>(submitImage(image, option, nullptr));
  }

  /// The same of an encoded image, which is decoded while it is in the queue; what is wrong with its bytes is the error
  /// of its ticket alone (DecodeError). It has its place in the queue from the beginning, decoded or not, and its
  /// deadline, cancel() and close() end it at any time before its run begins.
  /// @throws std::invalid_argument  the model has no decoder
  /// @throws QueueFullError, ClosedError  it was not accepted
  Ticket<Result> submit(const OwnedEncodedImage& image, const SubmitOption& option = {}) {
    return Ticket<Result>(submitImage(image, option, nullptr));
  }

  /// The same, and `onDone` is called with a ticket for the same result when that is ready: once, by a thread of the
  /// pool, which calls one callback at a time, in the order in which images are done. That may be before submit()
  /// returns. It may use the pool. What it throws is lost.
  Ticket<Result> submit(const OwnedImage& image, std::function<void(Ticket<Result>)> onDone,
                        const SubmitOption& option = {}) {
    return Ticket<Result>(submitImage(image, option, callbackOf(std::move(onDone))));
  }
  /// The same of an encoded image.
  Ticket<Result> submit(const OwnedEncodedImage& image, std::function<void(Ticket<Result>)> onDone,
                        const SubmitOption& option = {}) {
    return Ticket<Result>(submitImage(image, option, callbackOf(std::move(onDone))));
  }

  /// Runs the images from `begin` to `end` (Image or OwnedImage, EncodedImage or OwnedEncodedImage, taken one by one as
  /// they are needed) and calls `sink`
  /// with each result in their order, in the caller's thread. Some of them are in the pool at a time: as many as keep
  /// it busy. If `sink` takes a Ticket<Result>, it gets each image's finished ticket, and may look after errors itself;
  /// otherwise the first error ends map(). What ends map(), also out of `sink` or the iterators, is thrown when no
  /// image of it is in the pool any more. A full queue is always waited for. If the pool is closed meanwhile, what it
  /// has accepted is still given to `sink`, and then ClosedError is thrown.
  template <class Iterator, class Sentinel, class Sink>
  void map(Iterator begin, Sentinel end, Sink&& sink) {
    using Given = decltype(*begin);
    using Owned = std::conditional_t<std::is_convertible_v<Given, OwnedEncodedImage>, OwnedEncodedImage, OwnedImage>;
    struct InFlightRequests {
      std::deque<Ticket<Result>> tickets;
      ~InFlightRequests() {
        for (Ticket<Result>& ticket : tickets) {
          ticket.cancel();
        }
        for (Ticket<Result>& ticket : tickets) {
          ticket.wait();
        }
      }
      void submit(Pool& pool, const Owned& image) {
        tickets.emplace_back();  // before: what is in the pool must be waited for
        try {
          tickets.back() = Ticket<Result>(pool.submitInOrder(image));
        } catch (...) {
          tickets.pop_back();
          throw;
        }
      }
    } requests;
    const std::size_t most = inFlight(std::is_same_v<Owned, OwnedEncodedImage>);
    const auto popFront = [&] {
      requests.tickets.front().wait();
      Ticket<Result> ticket = std::move(requests.tickets.front());
      requests.tickets.pop_front();
      if constexpr (std::is_invocable_v<Sink&, Ticket<Result>>) {
        sink(std::move(ticket));
      } else {
        sink(ticket.get());
      }
    };
    for (; begin != end; ++begin) {
      while (!requests.tickets.empty() && (requests.tickets.size() >= most || requests.tickets.front().ready())) {
        popFront();
      }
      const Owned& image = *begin;
      try {
        requests.submit(*this, image);
      } catch (const ClosedError&) {
        while (!requests.tickets.empty()) {
          popFront();
        }
        throw;
      }
    }
    while (!requests.tickets.empty()) {
      popFront();
    }
  }

 private:
  template <class AnyImage>
  Result predictOne(const AnyImage& image) {
    Result only;
    predictEach(&image, 1, [&](trtyolo::Result&& result) { only = Result(std::move(result)); });
    return only;
  }

  template <class AnyImage>
  std::vector<Result> predictAll(const std::vector<AnyImage>& images) {
    std::vector<Result> results;
    results.reserve(images.size());
    predictEach(images.data(), images.size(),
                [&](trtyolo::Result&& result) { results.emplace_back(std::move(result)); });
    return results;
  }

  static std::function<void(const Request&)> callbackOf(std::function<void(Ticket<Result>)> onDone) {
    return [done = std::move(onDone)](const Request& request) { done(Ticket<Result>(request)); };
  }
};

}  // namespace trtyolo
