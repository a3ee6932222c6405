// One image on its way through a pool: what its ticket and the pool share.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>

#include "image/letterbox.hpp"
#include "trtyolo/pool.hpp"

namespace trtyolo {

class Scheduler;

// A request is in one list at a time, by the same node from submit() to its end: moving it allocates nothing.
using RequestList = std::list<std::shared_ptr<PoolRequest>>;

// Requests by their deadlines, the earliest first.
using DeadlineQueue = std::multimap<std::chrono::steady_clock::time_point, PoolRequest*>;

// Images that can share a run, in the order of arrival.
struct RequestGroup {
  Size network;
  std::optional<std::size_t> device;  // the only one that can run them; nullopt: any
  RequestList requests;
};

class PoolRequest {
 public:
  using Clock = std::chrono::steady_clock;

  // How far it is. It goes back from Running, and decoded images from Waiting, when their GPU has failed.
  enum class Stage {
    Blocked,   // before a full queue
    Encoded,   // in the queue, to be decoded
    Decoding,  // in the queue, and a decoder is at work
    Waiting,   // in the queue, to be run
    Running,
    Done,  // has a result or an error
  };

  // Set by whoever submits it, before it does.
  std::optional<EncodedImage> encoded;  // then the next three are not set before it is decoded
  ImageView image;
  Letterbox box;
  std::optional<std::size_t> device;  // of the scheduler: the only one that can run it; nullopt: any
  Clock::time_point deadline = Clock::time_point::max();
  std::shared_ptr<const void> owner;  // of the pixels or the encoded bytes; of these there is one
  std::function<void(const std::shared_ptr<PoolRequest>&)> onDone;
  std::shared_ptr<Scheduler> scheduler;  // for tickets; null of a request that was never submitted

  // The scheduler's, under its lock.
  std::shared_ptr<const void> pixels;      // of the decoded image
  std::atomic<bool> beingDecoded = false;  // read without the lock: the owner of the bytes must stay
  RequestList again;                       // of an encoded image: a node, to be posted once more
  Stage stage = Stage::Done;
  Clock::time_point arrived;
  RequestList::iterator place;          // while it is blocked or waits
  std::list<RequestGroup> ownGroup{1};  // for when there is no group yet that the image belongs to; see joinGroup()
  DeadlineQueue::iterator due;          // while it is blocked or waits, if it has a deadline
  std::condition_variable changed;      // it is not blocked any more, or done
  bool taken = false;                   // the result, by get()
  Result result;
  std::exception_ptr error;
};

}  // namespace trtyolo
