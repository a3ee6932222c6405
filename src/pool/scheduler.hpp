// The heart of a pool: which images run together, where, and when.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
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
  // One answer for each. Any thread.
  std::function<std::vector<ReadyImage>(std::span<const EncodedImage>)> decode;
  std::function<Letterbox(Size)> fit;  // of an image of this size
  std::size_t threads = 1;             // at most
  std::size_t batch = 1;               // most images in one call of decode()
  std::size_t ahead = 1;               // most images of the queue that are decoded, or being decoded
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

// One queue in front of some contexts. Runs are made by the scheduler's threads, one for each context; an image that
// finds everything idle is run in its caller's thread. Encoded images of the queue are decoded by threads of their own,
// which begin with the first such image. Any thread. Users' code (callbacks, and the release of images) is called by a
// thread apart, never under the lock.
//
// Invariants, under the lock: an image that waits is in the group of its network size, groups are not empty, and each
// is in the order of arrival, as are the encoded and the blocked ones; the blocked ones came later than all others. If
// images wait and a context is idle, a thread is awake or wakes up in time to look at them. If an encoded image may be
// decoded and a decoding thread is idle, one is awake.
class Scheduler {
 public:
  using Clock = std::chrono::steady_clock;
  using RequestPtr = std::shared_ptr<PoolRequest>;

  // `lowLatency`, if any, runs an image that is alone: it finishes one sooner than `contexts` do, at the others' cost.
  // Throws std::system_error if the machine has no more threads.
  Scheduler(std::vector<std::unique_ptr<Context>> contexts, std::unique_ptr<Context> lowLatency,
            PostprocessOptions options, SchedulerSettings settings);
  // It is closed before.
  ~Scheduler() = default;
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  // The result of one image; the caller's thread runs it, or waits. `entry` is not Block: the call waits anyway.
  // Throws what the run throws, QueueFullError and ClosedError.
  Result predict(const ImageView& image, const Letterbox& box, Entry entry);

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

  // A context that a run has acquired, and where it belongs.
  struct ContextLease {
    std::unique_ptr<Context> context;
    bool lowLatency = false;

    Context* operator->() const { return context.get(); }
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

    explicit Run(std::size_t maxBatchSize);  // makes room for them all
    void clear();
  };

  void work(std::size_t worker, Run& run, Run& done);
  bool begin(Run& run, Clock::time_point now);
  void execute(Run& run) const;
  void finish(Run& run);
  void notifyCallers(Run& run);

  Groups::iterator nextReadyGroup(Clock::time_point now);
  Clock::time_point nextWakeTime();
  void notifyWorker(Clock::time_point now);
  ContextLease acquire(bool alone);
  void release(ContextLease context);

  // Encoded images: scheduler_decoding.cpp.
  void startDecoding();
  void decodeImages();
  bool mayDecode() const;
  void takeEncoded(std::vector<RequestPtr>& requests, std::vector<EncodedImage>& images);
  void notifyDecoder();
  void countDecoded(const ReadyImage& image);
  void releaseOwner(const RequestPtr& request);

  Groups::iterator groupOf(const PoolRequest& request);
  void joinGroup(PoolRequest& request, RequestList& from);
  void enter(PoolRequest& request, RequestList& from);
  void admitBlocked();
  void forgetDeadline(PoolRequest& request);
  void end(PoolRequest& request, const std::exception_ptr& error);
  void postCallback(RequestList& from, RequestList::iterator place);
  void notifyEnd();
  void expire(Clock::time_point now);
  void waitWhile(Lock& lock, PoolRequest& request, PoolRequest::Stage last, Clock::time_point until);
  bool nothingWaits() const { return groups_.empty() && blocked_.empty() && encoded_.empty() && decoding_.empty(); }
  PoolRequest& anyThatWaits() const;
  void checkOpen() const;
  void count(const StageTimes& times, std::size_t images);

  const PostprocessOptions options_;
  const SchedulerSettings settings_;
  const std::exception_ptr cancelled_, expired_, dropped_;  // of images that are not run: later there may be no memory
  CallbackExecutor callbacks_;

  std::mutex mutex_;  // of all below
  std::vector<std::unique_ptr<Context>> idle_;
  std::unique_ptr<Context> lowLatency_;  // null also while a run has it
  std::size_t runs_ = 0;                 // at work
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
  PoolMetrics counts_;                        // but for the times
  Histogram queueTimes_, decodes_, preprocess_, inference_, postprocess_, latencies_;
  std::vector<std::thread> decoders_;  // none before the first encoded image

  std::mutex joining_;  // of the threads' end
  std::vector<std::thread> workers_;
};

}  // namespace trtyolo
