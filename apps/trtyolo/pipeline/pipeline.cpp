// The threads of predict: see pipeline.hpp.
#include "pipeline/pipeline.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "pipeline/threads.hpp"
#include "terminal/interrupt.hpp"

namespace app {
namespace {

/// What a batch waits for.
enum class Stage { Read, Decode, Predict, Track, Draw, Write, None };
constexpr std::size_t kStages = 6;

constexpr auto kLook = std::chrono::milliseconds(50);       // between two looks for a signal
constexpr auto kLastWait = std::chrono::milliseconds(300);  // for the reader, after one

/// A place for a batch. There is a fixed number of them, made before the first thread, so that handing on a batch
/// allocates nothing and cannot fail.
struct Slot {
  Batch batch;
  Stage stage = Stage::Read;  ///< None: some thread is at work on the batch
};

class Pipeline {
 public:
  explicit Pipeline(const Steps& steps) : steps_(steps), slots_(2 * steps.predict.size() + 2) {
    threads_.reserve(3 * steps.predict.size() + 2);
  }

  ~Pipeline() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    for (std::condition_variable& changed : changed_) changed.notify_all();
  }

  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  void run() {
    std::exception_ptr failure;
    try {
      runSteps();
    } catch (...) {
      failure = std::current_exception();
    }
    if (steps_.end) steps_.end();
    if (failure) std::rethrow_exception(failure);
  }

 private:
  void runSteps() {
    threads_.push_back(startThread([this] { read(); }));
    if (steps_.track) threads_.push_back(startThread([this] { track(); }));
    const Stage predicted = steps_.track ? Stage::Track : Stage::Draw;
    for (const auto& predict : steps_.predict) {
      threads_.push_back(startThread([this] { work(Stage::Decode, steps_.decode, Stage::Predict); }));
      threads_.push_back(startThread([this, &predict, predicted] { work(Stage::Predict, predict, predicted); }));
      threads_.push_back(startThread([this] { work(Stage::Draw, steps_.draw, Stage::Write); }));
    }
    for (std::size_t next = 0; Slot* slot = takeToWrite(next); ++next) {
      if (slot->batch.failure) std::rethrow_exception(slot->batch.failure);
      if (!steps_.write(slot->batch)) return;
      slot->batch = {};
      put(*slot, Stage::Read);
    }
    if (readFailure_) std::rethrow_exception(readFailure_);
  }

  std::condition_variable& changed(Stage stage) { return changed_[static_cast<std::size_t>(stage)]; }

  /// The first in order of those that wait for `stage`; null if there is none. To be called under the lock.
  Slot* find(Stage stage) {
    Slot* first = nullptr;
    for (Slot& slot : slots_) {
      if (slot.stage == stage && (first == nullptr || slot.batch.number < first->batch.number)) first = &slot;
    }
    return first;
  }

  /// Waits for a batch that is to go through `stage`, the one of that number if it is given; null to end.
  Slot* take(Stage stage, std::optional<std::size_t> number = std::nullopt) {
    std::unique_lock lock(mutex_);
    Slot* slot = nullptr;
    changed(stage).wait(lock, [&] {
      slot = find(stage);
      if (slot != nullptr && number && slot->batch.number != *number) slot = nullptr;
      return stop_ || slot != nullptr;
    });
    if (stop_) return nullptr;
    slot->stage = Stage::None;
    return slot;
  }

  /// Waits for batch `number` to be complete; null if there is no such batch.
  Slot* takeToWrite(std::size_t number) {
    std::unique_lock lock(mutex_);
    Slot* slot = nullptr;
    const auto decided = [&] {
      slot = find(Stage::Write);
      if (slot != nullptr && slot->batch.number != number) slot = nullptr;
      return slot != nullptr || (number == batches_ && (readAll_ || isAbandoned()));
    };
    while (!changed(Stage::Write).wait_for(lock, kLook, decided)) {
    }
    if (slot != nullptr) slot->stage = Stage::None;
    return slot;
  }

  /// After a signal: whether the reader has had its time to end by itself. Nothing ends the look-up of a host's name.
  bool isAbandoned() {
    if (!interrupted()) return false;
    const auto now = std::chrono::steady_clock::now();
    if (!interruptedAt_) interruptedAt_ = now;
    return now - *interruptedAt_ > kLastWait;
  }

  void put(Slot& slot, Stage stage) {
    {
      const std::lock_guard lock(mutex_);
      slot.stage = stage;
    }
    changed(stage).notify_one();
  }

  void work(Stage stage, const std::function<void(Batch&)>& step, Stage next) {
    while (Slot* slot = take(stage)) {
      workOn(*slot, step);
      put(*slot, next);
    }
  }

  /// The batches one after the other, in order.
  void track() {
    for (std::size_t next = 0; Slot* slot = take(Stage::Track, next); ++next) {
      workOn(*slot, steps_.track);
      put(*slot, Stage::Draw);
    }
  }

  static void workOn(Slot& slot, const std::function<void(Batch&)>& step) {
    try {
      if (!slot.batch.failure) step(slot.batch);
    } catch (...) {
      slot.batch.failure = std::current_exception();
    }
  }

  void read() {
    std::exception_ptr failure;
    std::size_t number = 0;
    try {
      while (Slot* slot = takeToRead()) {
        slot->batch.number = number;
        if (!steps_.read(slot->batch)) break;
        {
          const std::lock_guard lock(mutex_);
          batches_ = ++number;
        }
        put(*slot, Stage::Decode);
      }
    } catch (...) {
      failure = std::current_exception();
    }
    {
      const std::lock_guard lock(mutex_);
      readFailure_ = failure;
      readAll_ = true;
    }
    changed(Stage::Write).notify_one();
  }

  Slot* takeToRead() {
    const auto wait = [this] {
      const std::lock_guard lock(mutex_);
      return !stop_ && find(Stage::Read) == nullptr;
    };
    while (wait() && steps_.skip()) {
    }
    return take(Stage::Read);
  }

  const Steps& steps_;
  std::mutex mutex_;  ///< of all below but the batches of slots at work
  std::array<std::condition_variable, kStages> changed_;
  std::vector<Slot> slots_;
  bool stop_ = false, readAll_ = false;
  std::size_t batches_ = 0;         ///< how many were read
  std::exception_ptr readFailure_;  ///< what ended the reading
  std::optional<std::chrono::steady_clock::time_point> interruptedAt_;

  std::vector<std::jthread> threads_;  ///< last, so that they have ended before the rest goes
};

}  // namespace

void runPipeline(const Steps& steps) {
  Pipeline(steps).run();
}

}  // namespace app
