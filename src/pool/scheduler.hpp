// The heart of a pool: which images run together, where, and when.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "image/ready_image.hpp"
#include "model/postprocess_options.hpp"
#include "model/result_header.hpp"
#include "pool/callback_executor.hpp"
#include "pool/histogram.hpp"
#include "pool/request.hpp"
#include "runtime/engine.hpp"

namespace trtyolo {

// How encoded images are decoded, if any may come.
struct DecodeStage {
  // For a device of the scheduler; one answer for each image. Any thread.
  std::function<std::vector<ReadyImage>(std::span<const EncodedImage>, std::size_t device)> decode;
  std::function<Letterbox(Size)> fit;  // of an image of this size
  std::size_t threads = 1;             // at most; they are shared out among the devices
  std::size_t batch = 1;               // most images in one call of decode()
  std::size_t ahead = 1;               // most images of the queue that are decoded, or being decoded, for each device
};

// What a scheduler is given of a device.
struct SchedulerDevice {
  std::optional<int> gpu;  // for messages and metrics
  std::vector<std::unique_ptr<Context>> contexts;
  // If any, runs an image that is alone: it finishes one sooner than `contexts` do, at the others' cost.
  std::unique_ptr<Context> lowLatency;
  std::function<bool()> works = [] { return true; };  // as Engine::works(); asked when something has failed
};

struct SchedulerSettings {
  std::size_t maxBatchSize = 1;
  std::chrono::steady_clock::duration maxQueueDelay{};
  std::size_t queueLength = 1;
  std::string file;  // for messages
  ResultHeader header;
  DecodeStage decoding = {};
};

// What to do about a full queue.
enum class Entry {
  Reject,  // throw QueueFullError
  Block,   // wait for room
  Later,   // return; the image enters when there is room
};

// One queue in front of the contexts of some devices. Runs are made by the scheduler's threads, one for each context,
// though any of them uses any context; an image that finds its device idle is run in its caller's thread. Encoded
// images of the queue are decoded by threads of their own, which begin with the first such image. Any thread. Users'
// code (callbacks, and the release of images) is called by a thread apart, never under the lock.
//
// A device that does not work any more is left out, unless it is the last one: what it was running, or had decoded, is
// run by the others, but for images that only it can run.
//
// Invariants, under the lock: an image that waits is in the group of its network size and device, groups are not empty,
// and each is in the order of arrival, as are the encoded and the blocked ones; the blocked ones came later than all
// others. If images wait and a context that can run them is idle, a thread is awake or wakes up in time to look at
// them. If an encoded image may be decoded and a decoding thread is idle, one is awake. No image waits for a device
// that is left out.
class Scheduler {
 public:
  using Clock = std::chrono::steady_clock;
  using RequestPtr = std::shared_ptr<PoolRequest>;

  // At least one device, each with at least one context. Throws std::system_error if the machine has no more threads.
  Scheduler(std::vector<SchedulerDevice> devices, PostprocessOptions options, SchedulerSettings settings);
  // It is closed before.
  ~Scheduler() = default;
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  // The result of one image; the caller's thread runs it, or waits. `entry` is not Block: the call waits anyway.
  // `only`: the device that it must be run on. Throws what the run throws, QueueFullError and ClosedError.
  Result predict(const ImageView& image, const Letterbox& box, Entry entry,
                 std::optional<std::size_t> only = std::nullopt);

  // Takes a new request, whose ends are told to its ticket. All memory that the request will need is allocated here, so
  // that no later step can fail for want of it. Throws QueueFullError, ClosedError, and Error if the machine has no
  // thread for callbacks.
  void submit(const RequestPtr& request, Entry entry);

  // Of requests that were submitted.
  bool ready(const PoolRequest& request);
  bool wait(PoolRequest& request, Clock::time_point until = Clock::time_point::max());
  bool cancel(PoolRequest& request);
  // Waits, and gives the result or throws the error.
  Result take(PoolRequest& request);

  // See BasePool.
  void close(CloseMode mode);
  PoolMetrics metrics();

 private:
  using Lock = std::unique_lock<std::mutex>;

  using Groups = std::list<RequestGroup>;

  // A device, and what it is doing.
  struct Device {
    std::vector<std::unique_ptr<Context>> idle;
    std::unique_ptr<Context> lowLatency;  // null also while a run has it
    std::function<bool()> works;
    std::size_t running = 0;      // runs at work
    std::uint64_t lastBegun = 0;  // when its last run began, as a number of all runs; 0: never
    std::size_t ownImages = 0;    // that wait and only it can run, or that are being decoded for it
    std::exception_ptr failure;   // it is left out
    PoolDeviceMetrics counts;

    bool available() const { return !failure && !idle.empty(); }
  };

  // A context that a run has acquired, and where it belongs.
  struct ContextLease {
    std::unique_ptr<Context> context;
    Device* device = nullptr;
    bool lowLatency = false;

    Context* operator->() const { return context.get(); }
  };

  // Images that can begin, and where.
  struct Next {
    Groups::iterator group;
    Device* device = nullptr;  // null: none can begin

    explicit operator bool() const { return device != nullptr; }
  };

  // Images that run together, and what their run needs.
  struct Run {
    ContextLease context;
    RequestList requests;
    std::vector<ImageView> images;
    std::vector<Letterbox> boxes;
    std::vector<Result> results;
    std::vector<std::exception_ptr> errors;
    std::vector<StageTimes> times;  // one of all images, or, if that failed, one of each that did not
    bool together = true;
    bool mayMove = false;  // errors are those of a device that is left out

    explicit Run(std::size_t maxBatchSize);  // makes room for them all
    void clear();
  };

  void work(std::size_t worker, Run& run, Run& done);
  bool begin(Run& run, Clock::time_point now);
  void execute(Run& run);
  void executeEach(Run& run, std::exception_ptr error);
  void finish(Run& run);
  void notifyCallers(Run& run);

  std::size_t indexOf(const Device& device) const { return static_cast<std::size_t>(&device - devices_.data()); }
  Device* leastBusy();
  Device* deviceFor(std::optional<std::size_t> only, Device* leastBusy);
  Next nextReadyGroup(Clock::time_point now);
  Clock::time_point nextWakeTime();
  void notifyWorker(Clock::time_point now);
  ContextLease acquire(Device& device, bool alone);
  void release(ContextLease context);

  Result runHere(Lock& lock, Device& device, const ImageView& image, const Letterbox& box, Clock::time_point arrived,
                 std::optional<std::size_t> only);

  // Devices: scheduler_devices.cpp.
  bool leaveOut(Device& device, const std::exception_ptr& error);
  void moveAway(Device& device);
  void runAgain(PoolRequest& request, RequestList& from);
  void decodeAgain(PoolRequest& request, RequestList& from);

  // Encoded images: scheduler_decoding.cpp.
  void startDecoding();
  void decodeImages();
  std::optional<std::size_t> decodeDevice() const;
  std::size_t takeEncoded(std::vector<RequestPtr>& requests, std::vector<EncodedImage>& images);
  std::vector<ReadyImage> decode(std::span<const EncodedImage> images, std::size_t device);
  void finishDecoding(const RequestPtr& request, ReadyImage& image);
  void notifyDecoder();
  void countDecoded(const ReadyImage& image);
  void releaseOwner(const RequestPtr& request);

  Groups::iterator groupOf(const PoolRequest& request);
  static void moveInOrder(PoolRequest& request, RequestList& from, RequestList& to);
  void joinGroup(PoolRequest& request, RequestList& from);
  void leaveGroup(Groups::iterator group, PoolRequest& request, RequestList& to);
  void enter(PoolRequest& request, RequestList& from);
  void admitBlocked();
  void forgetDeadline(PoolRequest& request);
  void end(PoolRequest& request, const std::exception_ptr& error);
  void postCallback(RequestList& from, RequestList::iterator place);
  void notifyEnd();
  void expire(Clock::time_point now);
  void waitWhile(Lock& lock, PoolRequest& request, PoolRequest::Stage last, Clock::time_point until);
  bool nothingWaits() const { return groups_.empty() && blocked_.empty() && encoded_.empty() && decoding_.empty(); }
  bool atEnd() const { return closing_ && nothingWaits() && runs_ == 0; }  // a run that fails may bring images back
  PoolRequest& anyThatWaits() const;
  void checkOpen() const;
  void count(Device& device, const StageTimes& times, std::size_t images);

  const PostprocessOptions options_;
  const SchedulerSettings settings_;
  const std::exception_ptr cancelled_, expired_, dropped_;  // of images that are not run: later there may be no memory
  CallbackExecutor callbacks_;

  std::mutex mutex_;             // of all below
  std::vector<Device> devices_;  // never more nor fewer
  std::size_t working_ = 0;      // devices that are not left out
  std::size_t runs_ = 0;         // at work
  std::uint64_t begun_ = 0;      // runs
  Groups groups_;
  RequestList blocked_;
  RequestList encoded_, decoding_;
  std::size_t waiting_ = 0;  // in the queue: in the groups, encoded, or being decoded
  DeadlineQueue deadlines_;  // of the waiting and blocked ones
  bool closing_ = false;
  std::condition_variable work_;              // for the workers
  std::condition_variable decode_;            // for those that decode
  std::condition_variable ended_;             // for close()
  std::vector<Clock::time_point> wakeTimes_;  // when each worker will wake up by itself
  PoolMetrics counts_;                        // but for the times and the devices
  Histogram queueTimes_, decodes_, preprocess_, inference_, postprocess_, latencies_;
  std::vector<std::thread> decoders_;  // none before the first encoded image

  std::mutex joining_;  // of the threads' end
  std::vector<std::thread> workers_;
};

}  // namespace trtyolo
