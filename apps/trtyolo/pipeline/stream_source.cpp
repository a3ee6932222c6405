// One of several sources: see stream_source.hpp.
#include "pipeline/stream_source.hpp"

#include <spdlog/spdlog.h>

#include <memory>
#include <utility>

#include "input/reader.hpp"
#include "input/retry.hpp"
#include "pipeline/threads.hpp"
#include "terminal/printable.hpp"
#include "terminal/reason.hpp"

namespace app {

StreamSource::StreamSource(const Source& source, std::string name, trtyolo::Pool<>& pool,
                           const StreamSettings& settings, std::function<void(Item&)> take)
    : source_(source),
      name_(std::move(name)),
      pool_(pool),
      settings_(settings),
      input_(inputSettings(settings.input)),
      take_(std::move(take)) {
  reader_ = start(&StreamSource::read, readAll_);
  try {
    taker_ = start(&StreamSource::take, counts_.ended);
  } catch (...) {
    stop();
    throw;
  }
}

StreamSource::~StreamSource() {
  stop();
}

void StreamSource::stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
}

StreamCounts StreamSource::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

bool StreamSource::isIdle() const {
  const std::lock_guard lock(mutex_);
  return stop_ && inFlight_.empty() && places_ == 0;
}

void StreamSource::rethrow() {
  std::exception_ptr failure;
  {
    const std::lock_guard lock(mutex_);
    std::swap(failure, failure_);
  }
  if (failure) std::rethrow_exception(failure);
}

/// Does `work` in a thread of its own. What it throws ends the source.
std::jthread StreamSource::start(void (StreamSource::*work)(), bool& ended) {
  return startThread([this, work, &ended] {
    std::exception_ptr failure;
    try {
      (this->*work)();
    } catch (...) {
      failure = std::current_exception();
    }
    {
      const std::lock_guard lock(mutex_);
      if (!failure_) failure_ = failure;
      stop_ = stop_ || failure;
      ended = true;
    }
    changed_.notify_all();
  });
}

InputSettings StreamSource::inputSettings(const InputSettings& given) const {
  InputSettings input = given;
  input.stopped = [this] { return stopped(); };
  return input;
}

bool StreamSource::stopped() const {
  const std::lock_guard lock(mutex_);
  return stop_;
}

void StreamSource::setAway(bool away) {
  const std::lock_guard lock(mutex_);
  counts_.away = away;
  if (away && came_) ++counts_.losses;
}

// ---------------------------------------------------------------------------------------------------------------------
// Reading

void StreamSource::read() {
  try {
    readAll();
  } catch (const trtyolo::VideoInterruptedError&) {  // by stop()
  } catch (const std::exception& error) {
    Item item;
    item.source = &source_;
    item.name = name_;
    item.frame = frame_;
    item.error = reasonOf(error);
    submit(std::move(item));
  }
}

void StreamSource::readAll() {
  Retry retry(settings_.giveUp);
  while (!stopped()) {
    came_ = false;
    const bool more = readOnce();
    if (!more) return;
    if (came_) retry.came();
    const auto pause = retry.next();
    if (!pause) {
      Item item;
      item.source = &source_;
      item.error = retry.givenUp(why_);
      submit(std::move(item));
      return;
    }
    setAway(true);
    spdlog::warn("{}: {}; tried again in {:g} s", oneLine(source_.name), why_, *pause);
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::duration<double>(*pause), [&] { return stop_; });
  }
}

/// Reads from the opening to the end; true if the source is to be opened again.
bool StreamSource::readOnce() {
  Opened opened = open(source_, input_);
  Item& item = opened.item;
  item.name = name_;
  if (!item.error.empty() && (source_.kind == SourceKind::Camera || source_.kind == SourceKind::Stream)) {
    why_ = item.error;
    return true;
  }
  if (!opened.frames) {
    submit(std::move(item));
    return false;
  }
  FrameReader& frames = *opened.frames;
  const bool live = frames.live();
  if (frame_ > 0) frames.goOnFrom(first_);
  while (waitForPlace(frames)) {
    Item next = item;
    next.pixels = frames.read();
    if (!next.pixels) break;
    reserve(next, input_, 0);
    came(frames);
    next.onGpu = next.pixels->gpu.has_value();
    next.time = frames.time();
    next.wall = std::chrono::system_clock::now();
    next.frame = frame_++;
    submit(std::move(next));
  }
  why_ = !frames.failure().empty() ? frames.failure() : came_ ? kEnded : kNoFrame;
  if (live || stopped()) return !stopped();
  if (frame_ > 0) warnOfLosses(source_, frames, frame_);
  if (frame_ == 0 || !frames.failure().empty()) {
    item.error = why_;
    item.frame = frame_;
    submit(std::move(item));
  }
  return false;
}

/// Notes that a frame was read.
void StreamSource::came(const FrameReader& frames) {
  if (!came_) setAway(false);
  if (!came_ && frame_ > 0) spdlog::info("{}: is back", oneLine(source_.name));
  if (frame_ == 0) {
    first_ = std::chrono::steady_clock::now();
    warnIfNotOnGpu(source_, frames);
  }
  came_ = true;
}

/// Waits until one more frame may be in flight, and drops those of a live source that come meanwhile. False to end.
bool StreamSource::waitForPlace(FrameReader& frames) {
  const bool drops = frames.live() && settings_.dropLate;
  std::unique_lock lock(mutex_);
  while (!stop_ && places_ >= settings_.maxInFlight) {
    if (!drops) {
      changed_.wait(lock);
      continue;
    }
    lock.unlock();
    const bool more = frames.skip();
    lock.lock();
    if (!more) return false;
    ++frame_;
    ++counts_.dropped;
  }
  return !stop_;
}

void StreamSource::submit(Item item) {
  InFlight next;
  if (item.error.empty()) {
    try {
      auto owner = item.pixels ? item.pixels->owner : std::make_shared<const cv::Mat>(item.image);  // the same pixels
      next.ticket = pool_.submit({item.view(), std::move(owner)});
    } catch (const std::exception& error) {
      item.error = reasonOf(error);
    }
  }
  next.item = std::move(item);
  {
    const std::lock_guard lock(mutex_);
    inFlight_.push_back(std::move(next));
    ++places_;
  }
  changed_.notify_all();
}

// ---------------------------------------------------------------------------------------------------------------------
// Results

void StreamSource::take() {
  for (;;) {
    InFlight next;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return readAll_ || !inFlight_.empty(); });
      if (inFlight_.empty()) return;
      next = std::move(inFlight_.front());
      inFlight_.pop_front();
    }
    bool predicted = false;
    try {
      if (next.ticket.valid()) {
        next.item.result = next.ticket.get();
        predicted = true;
      }
    } catch (const std::exception& error) {
      next.item.error = reasonOf(error);
    }
    take_(next.item);
    next = {};  // frees the image before the next frame is read
    {
      const std::lock_guard lock(mutex_);
      --places_;
      ++(predicted ? counts_.predicted : counts_.failed);
    }
    changed_.notify_all();
  }
}

}  // namespace app
