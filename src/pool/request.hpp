// One image on its way through a pool: what its ticket and the pool share.
#pragma once

#include <chrono>
#include <condition_variable>
#include <exception>
#include <functional>
#include <list>
#include <memory>

#include "image/letterbox.hpp"
#include "model/prediction.hpp"
#include "trtyolo/pool.hpp"

namespace trtyolo {

class Scheduler;

class PoolRequest {
 public:
  using Clock = std::chrono::steady_clock;

  // How far it is; it never goes back.
  enum class Stage {
    Blocked,  // before a full queue
    Waiting,  // in the queue
    Running,
    Done,  // has a result or an error
  };

  // Set by whoever submits it, before it does.
  ImageView image;
  Letterbox box;
  Clock::time_point deadline = Clock::time_point::max();
  std::shared_ptr<const void> owner;  // of the pixels
  std::function<void(const std::shared_ptr<PoolRequest>&)> onDone;
  std::shared_ptr<Scheduler> scheduler;  // for tickets; null of a request that was never submitted

  // The scheduler's, under its lock.
  Stage stage = Stage::Done;
  Clock::time_point arrived;
  std::list<std::shared_ptr<PoolRequest>>::iterator place;  // while it is blocked or waits
  std::condition_variable changed;                          // it is not blocked any more, or done
  bool taken = false;                                       // the result, by get()
  Prediction result;
  std::exception_ptr error;
};

}  // namespace trtyolo
