#include "pool/scheduler.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <new>
#include <system_error>
#include <tuple>
#include <utility>

#include "base/trace.hpp"

namespace trtyolo {
namespace {

using Clock = std::chrono::steady_clock;

constexpr Clock::time_point kNever = Clock::time_point::max();

double milliseconds(Clock::duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

std::shared_ptr<PoolRequest> requestOf(const ImageView& image, const Letterbox& box, std::optional<std::size_t> only) {
  auto request = std::make_shared<PoolRequest>();
  request->image = image;
  request->box = box;
  request->device = only;
  return request;
}

// Of an image that came without a request. None if there is no memory for it.
RequestList requestAgain(const ImageView& image, const Letterbox& box, Clock::time_point arrived) noexcept {
  try {
    RequestList list{requestOf(image, box, std::nullopt)};
    list.front()->arrived = arrived;
    list.front()->place = list.begin();
    return list;
  } catch (const std::bad_alloc&) {
    return {};
  }
}

template <typename ErrorType>
std::exception_ptr errorOf(const SchedulerSettings& settings, const char* what) {
  return std::make_exception_ptr(ErrorType("pool of '" + settings.file + "': " + what));
}

}  // namespace

Scheduler::Run::Run(std::size_t maxBatchSize) {
  images.reserve(maxBatchSize);
  boxes.reserve(maxBatchSize);
  results.reserve(maxBatchSize);
  errors.reserve(maxBatchSize);
  times.reserve(maxBatchSize);
}

void Scheduler::Run::clear() {
  requests.clear();
  images.clear();
  boxes.clear();
  results.clear();
  errors.clear();
  times.clear();
}

Scheduler::Scheduler(std::vector<SchedulerDevice> devices, PostprocessOptions options, SchedulerSettings settings)
    : options_(std::move(options)),
      settings_(std::move(settings)),
      cancelled_(errorOf<CancelledError>(settings_, "the image was cancelled before it was run")),
      expired_(errorOf<DeadlineError>(settings_, "the image's deadline passed before it was run")),
      dropped_(errorOf<ClosedError>(settings_, "it was closed before the image was run")),
      devices_(devices.size()),
      working_(devices.size()) {
  std::size_t contexts = 0;
  for (std::size_t i = 0; i < devices.size(); ++i) {
    Device& device = devices_[i];
    device.idle = std::move(devices[i].contexts);
    device.lowLatency = std::move(devices[i].lowLatency);
    device.works = std::move(devices[i].works);
    device.counts.gpu = devices[i].gpu;
    contexts += device.idle.size() + (device.lowLatency ? 1 : 0);
  }
  wakeTimes_.resize(contexts, kNever);
  counts_.batchSizes.resize(settings_.maxBatchSize);
  try {
    workers_.reserve(wakeTimes_.size());
    for (std::size_t i = 0; i < wakeTimes_.size(); ++i) {
      workers_.emplace_back([this, i, run = Run(settings_.maxBatchSize), done = Run(settings_.maxBatchSize)]() mutable {
        work(i, run, done);
      });
    }
  } catch (...) {
    close(CloseMode::Drop);
    throw;
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Callers

Result Scheduler::predict(const ImageView& image, const Letterbox& box, Entry entry, std::optional<std::size_t> only) {
  const Clock::time_point arrived = Clock::now();
  {
    Lock lock(mutex_);
    checkOpen();
    Device* const device = nothingWaits() ? deviceFor(only, leastBusy()) : nullptr;
    if (device && (device->running == 0 || settings_.maxBatchSize == 1)) {
      return runHere(lock, *device, image, box, arrived, only);
    }
  }
  const RequestPtr request = requestOf(image, box, only);
  submit(request, entry);
  return take(*request);
}

// In the caller's thread.
Result Scheduler::runHere(Lock& lock, Device& device, const ImageView& image, const Letterbox& box,
                          Clock::time_point arrived, std::optional<std::size_t> only) {
  ContextLease context = acquire(device, true);
  ++counts_.submitted;
  ++counts_.running;
  lock.unlock();
  Result result;
  StageTimes times;
  std::exception_ptr error;
  RequestList again;  // the image, if another device is to run it
  try {
    const TraceRange range("pool run");
    times = context->predict({&image, 1}, {&box, 1}, options_, {&result, 1});
    settings_.header.addTo({&result, 1}, {&image, 1}, times);
  } catch (...) {
    error = std::current_exception();
  }
  if (error && !device.works() && leaveOut(device, error) && !only) {
    again = requestAgain(image, box, arrived);
  }
  const RequestPtr moved = again.empty() ? nullptr : again.front();
  const Clock::time_point now = Clock::now();
  lock.lock();
  --counts_.running;
  queueTimes_.add(0);
  if (moved) {
    runAgain(*moved, again);
  } else if (error) {
    ++counts_.failed;
  } else {
    ++counts_.finished;
    count(device, times, 1);
    latencies_.add(milliseconds(now - arrived));
  }
  release(std::move(context));
  notifyWorker(now);
  lock.unlock();
  if (moved) {
    return take(*moved);
  }
  if (error) {
    std::rethrow_exception(error);
  }
  return result;
}

void Scheduler::submit(const RequestPtr& request, Entry entry) {
  RequestList place{request};
  DeadlineQueue due;
  if (request->deadline != kNever) {
    due.emplace(request->deadline, request.get());
  }
  if (request->encoded && request->again.empty()) {
    request->again.emplace_back();
  }
  Lock lock(mutex_);
  checkOpen();
  if (request->onDone || request->owner) {
    try {
      callbacks_.start();
    } catch (const std::system_error& error) {
      throw Error("pool of '" + settings_.file + "': the machine has no thread for callbacks: " + error.what());
    }
  }
  if (request->encoded) {
    startDecoding();
  }
  const Clock::time_point now = Clock::now();
  expire(now);
  const bool room = blocked_.empty() && waiting_ < settings_.queueLength;
  if (!room && entry == Entry::Reject) {
    ++counts_.rejected;
    throw QueueFullError("pool of '" + settings_.file + "': its queue of " + std::to_string(settings_.queueLength) +
                         " images is full, and it was made to reject images then (QueueFullPolicy::Reject)");
  }
  request->arrived = now;
  request->place = place.begin();
  ++counts_.submitted;
  if (!due.empty()) {
    request->due = deadlines_.insert(due.extract(due.begin()));
  }
  if (room) {
    enter(*request, place);
  } else {
    request->stage = PoolRequest::Stage::Blocked;
    ++counts_.blocked;
    blocked_.splice(blocked_.end(), place);
  }
  expire(now);
  notifyWorker(now);
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
  end(request, cancelled_);
  admitBlocked();
  notifyWorker(Clock::now());
  return true;
}

Result Scheduler::take(PoolRequest& request) {
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

void Scheduler::close(CloseMode mode) {
  {
    Lock lock(mutex_);
    closing_ = true;
    if (mode == CloseMode::Drop) {
      while (!nothingWaits()) {
        ++counts_.dropped;
        end(anyThatWaits(), dropped_);
      }
    }
    work_.notify_all();
    decode_.notify_all();
    ended_.wait(lock, [&] { return atEnd(); });
  }
  {
    const std::lock_guard joining(joining_);
    for (std::vector<std::thread>* const threads : {&workers_, &decoders_}) {
      for (std::thread& thread : *threads) {
        if (thread.joinable()) {
          thread.join();
        }
      }
    }
  }
  callbacks_.stop();
  for (Device& device : devices_) {  // they go without the lock, and without taking memory
    std::vector<std::unique_ptr<Context>> contexts;
    std::unique_ptr<Context> lowLatency;
    const Lock lock(mutex_);
    contexts.swap(device.idle);
    lowLatency.swap(device.lowLatency);
  }
}

PoolMetrics Scheduler::metrics() {
  Lock lock(mutex_);
  PoolMetrics metrics = counts_;
  metrics.waiting = waiting_;
  metrics.undecoded = encoded_.size() + decoding_.size();
  for (const Device& device : devices_) {
    metrics.devices.push_back(device.counts);
    metrics.devices.back().running = device.running;
  }
  const Histogram queueTimes = queueTimes_, decodes = decodes_, preprocess = preprocess_, inference = inference_,
                  postprocess = postprocess_, latencies = latencies_;
  lock.unlock();
  metrics.queueTime = queueTimes.times();
  metrics.decode = decodes.times();
  metrics.preprocess = preprocess.times();
  metrics.inference = inference.times();
  metrics.postprocess = postprocess.times();
  metrics.latency = latencies.times();
  return metrics;
}

void Scheduler::checkOpen() const {
  if (closing_) {
    throw ClosedError("pool of '" + settings_.file + "': it is closed and takes no more images");
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Workers

void Scheduler::work(std::size_t worker, Run& run, Run& done) {
  Lock lock(mutex_);
  for (;;) {
    const Clock::time_point now = Clock::now();
    expire(now);
    if (begin(run, now)) {
      // The next run begins before callers are told of the last one: the network is not to wait for them.
      lock.unlock();
      notifyCallers(done);
      execute(run);
      lock.lock();
      finish(run);
      std::swap(run, done);
    } else if (!done.requests.empty()) {
      lock.unlock();
      notifyCallers(done);
      lock.lock();
    } else if (atEnd()) {
      return;
    } else {
      wakeTimes_[worker] = nextWakeTime();
      if (wakeTimes_[worker] == kNever) {
        work_.wait(lock);
      } else {
        work_.wait_until(lock, wakeTimes_[worker]);
      }
      wakeTimes_[worker] = kNever;
    }
  }
}

// Makes up a run, if one is to begin now.
bool Scheduler::begin(Run& run, Clock::time_point now) {
  const Next next = nextReadyGroup(now);
  if (!next) {
    return false;
  }
  run.context = acquire(*next.device, waiting_ == 1);
  RequestList& requests = next.group->requests;
  while (!requests.empty() && run.requests.size() < settings_.maxBatchSize) {
    PoolRequest& request = *requests.front();
    request.stage = PoolRequest::Stage::Running;
    queueTimes_.add(milliseconds(now - request.arrived));
    forgetDeadline(request);
    leaveGroup(next.group, request, run.requests);
  }
  waiting_ -= run.requests.size();
  counts_.running += run.requests.size();
  admitBlocked();
  notifyWorker(now);
  return true;
}

void Scheduler::execute(Run& run) {
  const std::size_t size = run.requests.size();
  for (const RequestPtr& request : run.requests) {
    run.images.push_back(request->image);
    run.boxes.push_back(request->box);
  }
  const TraceRange range("pool run");
  run.results.resize(size);
  run.errors.resize(size);
  run.together = true;
  run.mayMove = false;
  try {
    run.times.push_back(run.context->predict(run.images, run.boxes, options_, run.results));
    settings_.header.addTo(run.results, run.images, run.times.back());
  } catch (...) {
    executeEach(run, std::current_exception());
  }
}

// After the error of a run: which image it was is not known, so each is run by itself, while the device works.
void Scheduler::executeEach(Run& run, std::exception_ptr error) {
  Device& device = *run.context.device;
  const std::size_t size = run.requests.size();
  run.together = false;
  for (std::size_t i = 0; i < size; ++i) {
    if (error && !device.works()) {
      run.mayMove = leaveOut(device, error);
      std::fill(run.errors.begin() + static_cast<std::ptrdiff_t>(i), run.errors.end(), error);
      return;
    }
    if (size == 1) {
      run.errors[0] = error;
      return;
    }
    error = nullptr;
    try {
      run.times.push_back(
          run.context->predict({&run.images[i], 1}, {&run.boxes[i], 1}, options_, {&run.results[i], 1}));
      settings_.header.addTo({&run.results[i], 1}, {&run.images[i], 1}, run.times.back());
    } catch (...) {
      run.errors[i] = error = std::current_exception();
    }
  }
  run.mayMove = error && !device.works() && leaveOut(device, error);
}

void Scheduler::finish(Run& run) {
  const Clock::time_point now = Clock::now();
  const std::size_t size = run.requests.size();
  std::size_t i = 0;
  for (auto next = run.requests.begin(); next != run.requests.end(); ++i) {
    PoolRequest& request = **next++;
    if (run.errors[i] && run.mayMove && (!request.device || request.encoded)) {
      runAgain(request, run.requests);
      continue;
    }
    request.stage = PoolRequest::Stage::Done;
    request.error = std::move(run.errors[i]);
    if (request.error) {
      ++counts_.failed;
    } else {
      request.result = std::move(run.results[i]);
      ++counts_.finished;
      latencies_.add(milliseconds(now - request.arrived));
    }
  }
  counts_.running -= size;
  for (const StageTimes& times : run.times) {
    count(*run.context.device, times, run.together ? size : 1);
  }
  release(std::move(run.context));
}

// Of a run that is finished: wakes those who wait for its images.
void Scheduler::notifyCallers(Run& run) {
  while (!run.requests.empty()) {
    const std::shared_ptr<const void> pixels = std::move(run.requests.front()->pixels);  // released last
    run.requests.front()->changed.notify_all();
    postCallback(run.requests, run.requests.begin());
  }
  run.clear();
}

void Scheduler::count(Device& device, const StageTimes& times, std::size_t images) {
  ++counts_.batchSizes[images - 1];
  ++device.counts.runs;
  device.counts.images += images;
  preprocess_.add(times.preprocess);
  inference_.add(times.inference);
  postprocess_.add(times.postprocess);
}

// `alone`: for a run of one image, with no other waiting. The device has an idle context.
Scheduler::ContextLease Scheduler::acquire(Device& device, bool alone) {
  const bool lowLatency = alone && device.running == 0 && device.lowLatency != nullptr;
  ++runs_;
  ++device.running;
  device.lastBegun = ++begun_;
  if (lowLatency) {
    return {std::move(device.lowLatency), &device, true};
  }
  ContextLease lease{std::move(device.idle.back()), &device, false};
  device.idle.pop_back();
  return lease;
}

void Scheduler::release(ContextLease context) {
  Device& device = *context.device;
  if (context.lowLatency) {
    device.lowLatency = std::move(context.context);
  } else {
    device.idle.push_back(std::move(context.context));
  }
  --device.running;
  --runs_;
  notifyEnd();
}

// Where an image that any device can run is best run: of those with an idle context the one with the fewest runs at
// work, in turn. Null: there is none.
Scheduler::Device* Scheduler::leastBusy() {
  Device* found = nullptr;
  for (Device& device : devices_) {
    if (device.available() &&
        (!found || std::tie(device.running, device.lastBegun) < std::tie(found->running, found->lastBegun))) {
      found = &device;
    }
  }
  return found;
}

// Where an image can be run now, if any: on `only`, if that says one.
Scheduler::Device* Scheduler::deviceFor(std::optional<std::size_t> only, Device* leastBusy) {
  if (!only) {
    return leastBusy;
  }
  return devices_[*only].available() ? &devices_[*only] : nullptr;
}

// The group whose oldest images are to be run now, of those that can: the oldest one that need not wait for others to
// share its run.
Scheduler::Next Scheduler::nextReadyGroup(Clock::time_point now) {
  Next next;
  Device* const free = leastBusy();
  if (!free) {
    return next;
  }
  for (auto group = groups_.begin(); group != groups_.end(); ++group) {
    Device* const device = deviceFor(group->device, free);
    const Clock::time_point arrived = group->requests.front()->arrived;
    const bool ready = device && (device->running == 0 || closing_ || now - arrived >= settings_.maxQueueDelay ||
                                  group->requests.size() >= settings_.maxBatchSize);
    if (ready && (!next || arrived < next.group->requests.front()->arrived)) {
      next = {group, device};
    }
  }
  return next;
}

// When something is to be done that nobody will call for.
Clock::time_point Scheduler::nextWakeTime() {
  Clock::time_point time = deadlines_.empty() ? kNever : deadlines_.begin()->first;
  if (Device* const free = leastBusy()) {
    for (const RequestGroup& group : groups_) {
      if (deviceFor(group.device, free)) {
        time = std::min(time, group.requests.front()->arrived + settings_.maxQueueDelay);
      }
    }
  }
  return time;
}

// To be called after every change that may let a run begin, or that brings nextWakeTime() nearer.
void Scheduler::notifyWorker(Clock::time_point now) {
  if (nextReadyGroup(now) || nextWakeTime() < *std::min_element(wakeTimes_.begin(), wakeTimes_.end())) {
    work_.notify_one();
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// The queue

// The group that the image belongs to, or the end.
Scheduler::Groups::iterator Scheduler::groupOf(const PoolRequest& request) {
  return std::find_if(groups_.begin(), groups_.end(), [&](const RequestGroup& each) {
    return each.network == request.box.network && each.device == request.device;
  });
}

// Puts the image, which is in `from`, into the queue.
void Scheduler::enter(PoolRequest& request, RequestList& from) {
  counts_.longestQueue = std::max(counts_.longestQueue, ++waiting_);
  if (request.encoded) {
    encoded_.splice(encoded_.end(), from, request.place);
    request.stage = PoolRequest::Stage::Encoded;
    notifyDecoder();
  } else {
    joinGroup(request, from);
  }
}

// Moves the image from one list to another that is in the order of arrival.
void Scheduler::moveInOrder(PoolRequest& request, RequestList& from, RequestList& to) {
  auto behind = to.end();
  while (behind != to.begin() && (*std::prev(behind))->arrived > request.arrived) {
    --behind;
  }
  to.splice(behind, from, request.place);
}

// Puts the image, which is in `from`, where it waits for its run. It may have come before others that are there. A
// group's list node is that of one of its images, all others have theirs.
void Scheduler::joinGroup(PoolRequest& request, RequestList& from) {
  auto group = groupOf(request);
  if (group == groups_.end()) {
    groups_.splice(groups_.end(), request.ownGroup);
    group = std::prev(groups_.end());
    group->network = request.box.network;
    group->device = request.device;
  }
  moveInOrder(request, from, group->requests);
  request.stage = PoolRequest::Stage::Waiting;
  if (request.device) {
    Device& device = devices_[*request.device];
    ++device.ownImages;
    if (device.failure) {
      ++counts_.failed;
      end(request, device.failure);
    }
  }
}

void Scheduler::leaveGroup(Groups::iterator group, PoolRequest& request, RequestList& to) {
  to.splice(to.end(), group->requests, request.place);
  if (request.device) {
    --devices_[*request.device].ownImages;
  }
  if (group->requests.empty()) {
    request.ownGroup.splice(request.ownGroup.end(), groups_, group);
  } else if (request.ownGroup.empty()) {
    request.ownGroup.splice(request.ownGroup.end(), group->requests.front()->ownGroup);
  }
}

// There is one.
PoolRequest& Scheduler::anyThatWaits() const {
  for (const RequestList* const requests : {&blocked_, &encoded_, &decoding_}) {
    if (!requests->empty()) {
      return *requests->front();
    }
  }
  return *groups_.front().requests.front();
}

void Scheduler::admitBlocked() {
  while (!blocked_.empty() && waiting_ < settings_.queueLength) {
    const RequestPtr request = blocked_.front();
    --counts_.blocked;
    enter(*request, blocked_);
    request->changed.notify_all();
  }
  notifyDecoder();
}

// Ends an image that is blocked or waits.
void Scheduler::end(PoolRequest& request, const std::exception_ptr& error) {
  RequestList ended;
  if (request.stage == PoolRequest::Stage::Blocked) {
    ended.splice(ended.begin(), blocked_, request.place);
    --counts_.blocked;
  } else if (request.stage < PoolRequest::Stage::Waiting) {
    ended.splice(ended.begin(), request.stage == PoolRequest::Stage::Encoded ? encoded_ : decoding_, request.place);
    if (request.stage == PoolRequest::Stage::Decoding) {
      --devices_[*request.device].ownImages;
    }
    --waiting_;
  } else {
    leaveGroup(groupOf(request), request, ended);
    --waiting_;
  }
  forgetDeadline(request);
  request.stage = PoolRequest::Stage::Done;
  request.error = error;
  request.changed.notify_all();
  postCallback(ended, ended.begin());
  notifyEnd();
}

// Of an image that is about to be no more blocked nor waiting.
void Scheduler::forgetDeadline(PoolRequest& request) {
  if (request.deadline != kNever) {
    deadlines_.erase(request.due);
  }
}

// Ends the images whose deadlines have passed.
void Scheduler::expire(Clock::time_point now) {
  if (deadlines_.empty() || now < deadlines_.begin()->first) {
    return;
  }
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    ++counts_.expired;
    end(*deadlines_.begin()->second, expired_);
  }
  admitBlocked();
  notifyWorker(now);
}

// Of an image that is done: leaves it to the other thread to let go of the pixels and to call back.
void Scheduler::postCallback(RequestList& from, RequestList::iterator place) {
  if ((*place)->onDone || (*place)->owner) {
    callbacks_.post(from, place);
  } else {
    from.erase(place);
  }
}

// Wakes those who wait for the end, when it comes.
void Scheduler::notifyEnd() {
  if (atEnd()) {
    work_.notify_all();
    decode_.notify_all();
    ended_.notify_all();
  }
}

}  // namespace trtyolo
