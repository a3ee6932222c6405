// The threads of predict: see pipeline.hpp.
#include "pipeline.hpp"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <semaphore>
#include <thread>
#include <utility>

namespace app {
namespace {

/// Batches between two steps. Has no bound of its own: the pipeline bounds how many batches there are.
class Queue {
 public:
  void push(Batch&& batch) {
    {
      const std::lock_guard lock(mutex_);
      batches_.push_back(std::move(batch));
    }
    changed_.notify_one();
  }

  /// No more will come.
  void close() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    changed_.notify_all();
  }

  /// Waits for a batch; nothing if the queue is closed and empty.
  std::optional<Batch> pop() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return closed_ || !batches_.empty(); });
    if (batches_.empty()) return std::nullopt;
    std::optional<Batch> batch(std::move(batches_.front()));
    batches_.pop_front();
    return batch;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Batch> batches_;
  bool closed_ = false;
};

using Step = std::function<void(Batch&)>;

void guarded(const Step& step, Batch& batch) {
  if (batch.failure) return;
  try {
    step(batch);
  } catch (...) {
    batch.failure = std::current_exception();
  }
}

/// Threads that take batches from one queue, do their step, and put them into the next; the last of them closes that.
class Team {
 public:
  Team(std::vector<Step> steps, Queue& from, Queue& to) : steps_(std::move(steps)), working_(steps_.size()) {
    for (const Step& step : steps_) {
      threads_.emplace_back([&] {
        while (auto batch = from.pop()) {
          guarded(step, *batch);
          to.push(std::move(*batch));
        }
        if (--working_ == 0) to.close();
      });
    }
  }

 private:
  std::vector<Step> steps_;
  std::atomic<std::size_t> working_;
  std::vector<std::jthread> threads_;
};

}  // namespace

void runPipeline(const Steps& steps) {
  const std::size_t clones = steps.predict.size();
  std::counting_semaphore<> places(static_cast<std::ptrdiff_t>(2 * clones + 2));
  std::atomic<bool> enough{false};
  Queue read, decoded, predicted, finished;

  std::jthread reader([&] {
    for (std::size_t number = 0; !enough; ++number) {
      while (!places.try_acquire()) {
        if (steps.skip()) continue;
        places.acquire();
        break;
      }
      Batch batch;
      batch.number = number;
      bool more = !enough;
      guarded([&](Batch& filled) { more = more && steps.read(filled); }, batch);
      if (!more && !batch.failure) break;
      const bool failed = batch.failure != nullptr;
      read.push(std::move(batch));
      if (failed) break;
    }
    read.close();
  });
  const Team decoders(std::vector<Step>(clones, steps.decode), read, decoded);
  const Team predictors(steps.predict, decoded, predicted);
  const Team finishers(std::vector<Step>(clones, steps.finish), predicted, finished);

  std::map<std::size_t, Batch> early;
  std::size_t next = 0;
  std::exception_ptr failure;
  while (auto batch = finished.pop()) {
    early.emplace(batch->number, std::move(*batch));
    for (auto found = early.find(next); found != early.end(); found = early.find(++next)) {
      Batch current = std::move(found->second);
      early.erase(found);
      bool more = true;
      if (!enough) {
        guarded([&](Batch& complete) { more = steps.write(complete); }, current);
        failure = current.failure;
      }
      if (!more || failure) enough = true;
      places.release();
    }
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace app
