#include "pool/scheduler.hpp"

#include <algorithm>
#include <utility>

#include "runtime/trace.hpp"

namespace trtyolo {
namespace {

using Clock = std::chrono::steady_clock;

constexpr Clock::time_point kNever = Clock::time_point::max();

double milliseconds(Clock::duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

template <typename ErrorType>
std::exception_ptr errorOf(const SchedulerSettings& settings, const std::string& what) {
  return std::make_exception_ptr(ErrorType("pool of '" + settings.file + "': " + what));
}

}  // namespace

Scheduler::Run::Run(std::size_t largestBatch) {
  requests.reserve(largestBatch);
  images.reserve(largestBatch);
  boxes.reserve(largestBatch);
  results.reserve(largestBatch);
  errors.reserve(largestBatch);
  times.reserve(largestBatch);
}

void Scheduler::Run::clear() {
  requests.clear();
  images.clear();
  boxes.clear();
  results.clear();
  errors.clear();
  times.clear();
}

Scheduler::Scheduler(std::vector<std::unique_ptr<Context>> contexts, std::unique_ptr<Context> forOne,
                     Thresholds thresholds, SchedulerSettings settings)
    : thresholds_(std::move(thresholds)),
      settings_(std::move(settings)),
      idle_(std::move(contexts)),
      forOne_(std::move(forOne)),
      looks_(idle_.size() + (forOne_ ? 1 : 0), kNever) {
  counts_.batchSizes.resize(settings_.largestBatch);
  try {
    for (std::size_t i = 0; i < looks_.size(); ++i) {
      workers_.emplace_back([this, i] { work(i); });
    }
  } catch (...) {
    close(Ending::Drop);
    throw;
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Callers

Prediction Scheduler::predict(const ImageView& image, const Letterbox& box, Entry entry) {
  const Clock::time_point arrived = Clock::now();
  {
    Lock lock(mutex_);
    checkOpen();
    if (!idle_.empty() && nothingWaits() && (runs_ == 0 || settings_.largestBatch == 1)) {
      Lent context = lend(true);
      ++counts_.submitted;
      ++counts_.running;
      lock.unlock();
      Prediction result;
      RunTimes times;
      std::exception_ptr error;
      try {
        const TraceRange range("pool run");
        times = context->predict({&image, 1}, {&box, 1}, thresholds_, {&result, 1});
      } catch (...) {
        error = std::current_exception();
      }
      const Clock::time_point now = Clock::now();
      lock.lock();
      --counts_.running;
      waits_.add(0);
      if (error) {
        ++counts_.failed;
      } else {
        ++counts_.finished;
        count(times, 1);
        wholes_.add(milliseconds(now - arrived));
      }
      release(std::move(context));
      lookAfterWaiting(now);
      lock.unlock();
      if (error) {
        std::rethrow_exception(error);
      }
      return result;
    }
  }
  const auto request = std::make_shared<PoolRequest>();
  request->image = image;
  request->box = box;
  submit(request, entry);
  return take(*request);
}

void Scheduler::submit(const RequestPtr& request, Entry entry) {
  std::list<RequestPtr> place{request};
  Lock lock(mutex_);
  checkOpen();
  if (request->onDone || request->owner) {
    caller_.start();
  }
  const Clock::time_point now = Clock::now();
  expire(now);
  const bool room = blocked_.empty() && waiting_ < settings_.queueLength;
  if (!room && entry == Entry::Refuse) {
    ++counts_.refused;
    throw QueueFullError("pool of '" + settings_.file + "': its queue of " + std::to_string(settings_.queueLength) +
                         " images is full, and it was made to refuse then (WhenFull::Refuse)");
  }
  request->arrived = now;
  request->place = place.begin();
  ++counts_.submitted;
  if (request->deadline != kNever) {
    ++withDeadline_;
    deadline_ = std::min(deadline_, request->deadline);
  }
  if (room) {
    enter(*request, place);
  } else {
    request->stage = PoolRequest::Stage::Blocked;
    ++counts_.blocked;
    blocked_.splice(blocked_.end(), place);
  }
  expire(now);
  lookAfterWaiting(now);
  if (entry == Entry::Block) {
    waitWhile(lock, *request, PoolRequest::Stage::Blocked, kNever);
  }
}

bool Scheduler::ready(const PoolRequest& request) {
  const Lock lock(mutex_);
  return request.stage == PoolRequest::Stage::Done;
}

bool Scheduler::wait(PoolRequest& request, Clock::time_point until) {
  Lock lock(mutex_);
  waitWhile(lock, request, PoolRequest::Stage::Running, until);
  return request.stage == PoolRequest::Stage::Done;
}

bool Scheduler::cancel(PoolRequest& request) {
  const Lock lock(mutex_);
  if (request.stage >= PoolRequest::Stage::Running) {
    return false;
  }
  ++counts_.cancelled;
  end(request, errorOf<CancelledError>(settings_, "the image was cancelled before it was run"));
  admitBlocked();
  lookAfterWaiting(Clock::now());
  return true;
}

Prediction Scheduler::take(PoolRequest& request) {
  Lock lock(mutex_);
  waitWhile(lock, request, PoolRequest::Stage::Running, kNever);
  if (std::exchange(request.taken, true)) {
    throw Error("pool of '" + settings_.file + "': the result of this image was taken already; get() gives it once");
  }
  if (request.error) {
    std::rethrow_exception(request.error);
  }
  return std::move(request.result);
}

// Until the image is further than `last`, or the time has come. Whoever waits for an image sees to its deadline.
void Scheduler::waitWhile(Lock& lock, PoolRequest& request, PoolRequest::Stage last, Clock::time_point until) {
  while (request.stage <= last) {
    const bool mayExpire = request.stage < PoolRequest::Stage::Running;
    const Clock::time_point wake = mayExpire ? std::min(until, request.deadline) : until;
    if (wake == kNever) {
      request.changed.wait(lock);
      continue;
    }
    request.changed.wait_until(lock, wake);
    const Clock::time_point now = Clock::now();
    expire(now);
    if (now >= until) {
      return;
    }
  }
}

void Scheduler::close(Ending ending) {
  {
    Lock lock(mutex_);
    closing_ = true;
    if (ending == Ending::Drop) {
      while (!nothingWaits()) {
        ++counts_.dropped;
        end(blocked_.empty() ? *groups_.front().requests.front() : *blocked_.front(),
            errorOf<ClosedError>(settings_, "it was closed before the image was run"));
      }
    }
    work_.notify_all();
    ended_.wait(lock, [&] { return nothingWaits() && runs_ == 0; });
  }
  {
    const std::lock_guard joining(joining_);
    for (std::thread& worker : workers_) {
      if (worker.joinable()) {
        worker.join();
      }
    }
  }
  caller_.stop();
  std::vector<std::unique_ptr<Context>> contexts;
  std::unique_ptr<Context> forOne;
  const Lock lock(mutex_);
  contexts.swap(idle_);
  forOne.swap(forOne_);
}

PoolMetrics Scheduler::metrics() {
  Lock lock(mutex_);
  PoolMetrics metrics = counts_;
  metrics.waiting = waiting_;
  const Histogram waits = waits_, befores = befores_, networks = networks_, afters = afters_, wholes = wholes_;
  lock.unlock();
  metrics.wait = waits.times();
  metrics.before = befores.times();
  metrics.network = networks.times();
  metrics.after = afters.times();
  metrics.whole = wholes.times();
  return metrics;
}

void Scheduler::checkOpen() const {
  if (closing_) {
    throw ClosedError("pool of '" + settings_.file + "': it is closed and takes no more images");
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Workers

void Scheduler::work(std::size_t worker) {
  Run run(settings_.largestBatch), done(settings_.largestBatch);
  Lock lock(mutex_);
  for (;;) {
    const Clock::time_point now = Clock::now();
    expire(now);
    if (begin(run, now)) {
      // The next run begins before callers are told of the last one: the network is not to wait for them.
      lock.unlock();
      tell(done);
      execute(run);
      lock.lock();
      finish(run);
      std::swap(run, done);
    } else if (!done.requests.empty()) {
      lock.unlock();
      tell(done);
      lock.lock();
    } else if (closing_ && nothingWaits()) {
      return;
    } else {
      looks_[worker] = nextLook();
      if (looks_[worker] == kNever) {
        work_.wait(lock);
      } else {
        work_.wait_until(lock, looks_[worker]);
      }
      looks_[worker] = kNever;
    }
  }
}

// Makes up a run, if one is to begin now.
bool Scheduler::begin(Run& run, Clock::time_point now) {
  if (idle_.empty()) {
    return false;
  }
  const auto group = ripe(now);
  if (group == groups_.end()) {
    return false;
  }
  run.context = lend(waiting_ == 1);
  std::list<RequestPtr>& requests = group->requests;
  while (!requests.empty() && run.requests.size() < settings_.largestBatch) {
    PoolRequest& request = *requests.front();
    request.stage = PoolRequest::Stage::Running;
    waits_.add(milliseconds(now - request.arrived));
    withDeadline_ -= request.deadline != kNever ? 1 : 0;
    run.requests.push_back(std::move(requests.front()));
    requests.pop_front();
  }
  waiting_ -= run.requests.size();
  counts_.running += run.requests.size();
  if (requests.empty()) {
    groups_.erase(group);
  }
  admitBlocked();
  lookAfterWaiting(now);
  return true;
}

void Scheduler::execute(Run& run) const {
  const std::size_t size = run.requests.size();
  for (const RequestPtr& request : run.requests) {
    run.images.push_back(request->image);
    run.boxes.push_back(request->box);
  }
  const TraceRange range("pool run");
  run.results.resize(size);
  run.errors.resize(size);
  run.together = true;
  try {
    run.times.push_back(run.context->predict(run.images, run.boxes, thresholds_, run.results));
    return;
  } catch (...) {
    run.errors[0] = std::current_exception();
  }
  // Which image it was is not known: each by itself.
  run.together = false;
  for (std::size_t i = 0; size > 1 && i < size; ++i) {
    run.errors[i] = nullptr;
    try {
      run.times.push_back(
          run.context->predict({&run.images[i], 1}, {&run.boxes[i], 1}, thresholds_, {&run.results[i], 1}));
    } catch (...) {
      run.errors[i] = std::current_exception();
    }
  }
}

void Scheduler::finish(Run& run) {
  const Clock::time_point now = Clock::now();
  const std::size_t size = run.requests.size();
  for (std::size_t i = 0; i < size; ++i) {
    PoolRequest& request = *run.requests[i];
    request.stage = PoolRequest::Stage::Done;
    request.error = std::move(run.errors[i]);
    if (request.error) {
      ++counts_.failed;
    } else {
      request.result = std::move(run.results[i]);
      ++counts_.finished;
      wholes_.add(milliseconds(now - request.arrived));
    }
  }
  counts_.running -= size;
  for (const RunTimes& times : run.times) {
    count(times, run.together ? size : 1);
  }
  release(std::move(run.context));
}

// Of a run that is finished: wakes those who wait for its images.
void Scheduler::tell(Run& run) {
  for (const RequestPtr& request : run.requests) {
    request->changed.notify_all();
    hand(request);
  }
  run.clear();
}

void Scheduler::count(const RunTimes& times, std::size_t images) {
  ++counts_.batchSizes[images - 1];
  befores_.add(times.before);
  networks_.add(times.network);
  afters_.add(times.after);
}

// `alone`: for a run of one image, with no other waiting. There is an idle context.
Scheduler::Lent Scheduler::lend(bool alone) {
  const bool forOne = alone && runs_ == 0 && forOne_ != nullptr;
  ++runs_;
  if (forOne) {
    return {std::move(forOne_), true};
  }
  Lent lent{std::move(idle_.back()), false};
  idle_.pop_back();
  return lent;
}

void Scheduler::release(Lent context) {
  if (context.forOne) {
    forOne_ = std::move(context.context);
  } else {
    idle_.push_back(std::move(context.context));
  }
  --runs_;
  noteEnd();
}

// The group whose oldest images are to be run now; an idle context is there.
std::list<Scheduler::Group>::iterator Scheduler::ripe(Clock::time_point now) {
  const auto arrived = [](const Group& group) { return group.requests.front()->arrived; };
  const auto older = [&](const Group& a, const Group& b) { return arrived(a) < arrived(b); };
  const auto oldest = std::min_element(groups_.begin(), groups_.end(), older);
  if (oldest == groups_.end() || runs_ == 0 || closing_ || now - arrived(*oldest) >= settings_.longestWait) {
    return oldest;
  }
  auto full = groups_.end();
  for (auto group = groups_.begin(); group != groups_.end(); ++group) {
    if (group->requests.size() >= settings_.largestBatch && (full == groups_.end() || older(*group, *full))) {
      full = group;
    }
  }
  return full;
}

// When something is to be done that nobody will call for.
Clock::time_point Scheduler::nextLook() {
  Clock::time_point time = withDeadline_ > 0 ? deadline_ : kNever;
  if (!idle_.empty()) {
    for (const Group& group : groups_) {
      time = std::min(time, group.requests.front()->arrived + settings_.longestWait);
    }
  }
  return time;
}

// To be called after every change that may let a run begin, or that brings nextLook() nearer.
void Scheduler::lookAfterWaiting(Clock::time_point now) {
  const bool mayBegin = !idle_.empty() && ripe(now) != groups_.end();
  if (mayBegin || nextLook() < *std::min_element(looks_.begin(), looks_.end())) {
    work_.notify_one();
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// The queue

// Puts the image, which is alone in `from` or the first there, into the queue.
void Scheduler::enter(PoolRequest& request, std::list<RequestPtr>& from) {
  const Size network = request.box.network;
  auto group = std::find_if(groups_.begin(), groups_.end(), [&](const Group& each) { return each.network == network; });
  if (group == groups_.end()) {
    group = groups_.insert(group, {network, {}});
  }
  group->requests.splice(group->requests.end(), from, request.place);
  request.stage = PoolRequest::Stage::Waiting;
  counts_.longestQueue = std::max(counts_.longestQueue, ++waiting_);
}

void Scheduler::admitBlocked() {
  while (!blocked_.empty() && waiting_ < settings_.queueLength) {
    PoolRequest& request = *blocked_.front();
    --counts_.blocked;
    enter(request, blocked_);
    request.changed.notify_all();
  }
}

// Ends an image that is blocked or waits.
void Scheduler::end(PoolRequest& request, std::exception_ptr error) {
  const RequestPtr kept = std::move(*request.place);
  if (request.stage == PoolRequest::Stage::Blocked) {
    blocked_.erase(request.place);
    --counts_.blocked;
  } else {
    const auto group = std::find_if(groups_.begin(), groups_.end(),
                                    [&](const Group& each) { return each.network == request.box.network; });
    group->requests.erase(request.place);
    if (group->requests.empty()) {
      groups_.erase(group);
    }
    --waiting_;
  }
  withDeadline_ -= request.deadline != kNever ? 1 : 0;
  request.stage = PoolRequest::Stage::Done;
  request.error = std::move(error);
  request.changed.notify_all();
  hand(kept);
  noteEnd();
}

// Ends the images whose deadlines have passed.
void Scheduler::expire(Clock::time_point now) {
  if (withDeadline_ == 0 || now < deadline_) {
    return;
  }
  std::vector<RequestPtr> late;
  deadline_ = kNever;
  const auto look = [&](const std::list<RequestPtr>& requests) {
    for (const RequestPtr& request : requests) {
      if (request->deadline <= now) {
        late.push_back(request);
      } else {
        deadline_ = std::min(deadline_, request->deadline);
      }
    }
  };
  for (const Group& group : groups_) {
    look(group.requests);
  }
  look(blocked_);
  for (const RequestPtr& request : late) {
    ++counts_.expired;
    end(*request, errorOf<DeadlineError>(settings_, "the image's deadline passed before it was run"));
  }
  admitBlocked();
  lookAfterWaiting(now);
}

// Of an image that is done: leaves it to the other thread to let go of the pixels and to call back.
void Scheduler::hand(const RequestPtr& request) {
  if (request->onDone || request->owner) {
    caller_.post([request, owner = std::move(request->owner), onDone = std::move(request->onDone)]() mutable {
      owner.reset();
      if (onDone) {
        onDone(request);
      }
    });
  }
}

// Wakes those who wait for the end, when it comes.
void Scheduler::noteEnd() {
  if (closing_ && nothingWaits()) {
    work_.notify_all();
    if (runs_ == 0) {
      ended_.notify_all();
    }
  }
}

}  // namespace trtyolo
