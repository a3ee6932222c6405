// One of several sources: see feed.hpp.
#include "feed.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <stdexcept>
#include <utility>

#include "trtyolo/opencv.hpp"

namespace app {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::duration;

constexpr double kFirstPause = 0.5, kLongestPause = 30;  // seconds, before a source is tried again

/// Whether it may come back when it is gone.
bool mayReturn(const Source& source) {
  return source.kind == SourceKind::Camera || source.kind == SourceKind::Stream;
}

}  // namespace

Feed::Feed(const Source& source, std::string saveAs, AnyPool& pool, const FeedSettings& settings,
           std::function<void(Item&)> take)
    : source_(source),
      saveAs_(std::move(saveAs)),
      pool_(pool),
      settings_(settings),
      take_(std::move(take)),
      reader_([this] { read(); }),
      taker_([this] { this->take(); }) {}

Feed::~Feed() {
  stop();
  reader_.join();
  taker_.join();
}

void Feed::stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
}

FeedCounts Feed::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

void Feed::rethrow() {
  std::exception_ptr failure;
  {
    const std::lock_guard lock(mutex_);
    std::swap(failure, failure_);
  }
  if (failure) std::rethrow_exception(failure);
}

bool Feed::stopped() const {
  const std::lock_guard lock(mutex_);
  return stop_;
}

/// To be called in a handler: ends the feed with the exception in hand.
void Feed::fail() {
  {
    const std::lock_guard lock(mutex_);
    if (!failure_) failure_ = std::current_exception();
    stop_ = true;
  }
  changed_.notify_all();
}

void Feed::away(bool gone) {
  const std::lock_guard lock(mutex_);
  counts_.away = gone;
  if (gone && came_) ++counts_.losses;
}

// ---------------------------------------------------------------------------------------------------------------------
// Reading

void Feed::read() {
  try {
    double pause = kFirstPause;
    Clock::time_point last = Clock::now();  // of a frame
    while (!stopped()) {
      came_ = false;
      const bool more = readOnce();
      if (!more) break;
      if (came_) {
        pause = kFirstPause;
        last = Clock::now();
      }
      const double gone = duration<double>(Clock::now() - last).count();
      if (settings_.giveUp > 0 && gone + pause > settings_.giveUp) {
        Item item;
        item.source = &source_;
        item.error = why_ + "; given up after " + std::to_string(std::lround(gone)) + " s";
        give(std::move(item));
        break;
      }
      away(true);
      spdlog::warn("{}: {}; tried again in {:g} s", source_.name, why_, pause);
      {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, duration<double>(pause), [&] { return stop_; });
      }
      pause = std::min(2 * pause, kLongestPause);
    }
  } catch (...) {
    fail();
  }
  {
    const std::lock_guard lock(mutex_);
    readAll_ = true;
  }
  changed_.notify_all();
}

/// Reads from the opening to the end; true if the source is to be opened again.
bool Feed::readOnce() {
  Item item;
  item.source = &source_;
  item.saveAs = saveAs_;
  item.error = source_.error;
  std::optional<FrameReader> frames;
  try {
    if (item.error.empty()) frames.emplace(source_);
  } catch (const std::runtime_error& error) {
    why_ = error.what();
    if (mayReturn(source_)) return true;
    item.error = why_;
  }
  if (!frames) {
    give(std::move(item));
    return false;
  }
  item.rate = frames->rate();
  const bool live = frames->live();
  while (waitForPlace(*frames)) {
    Item next = item;
    if (!frames->read(next.picture)) break;
    if (!came_ && frame_ > 0) spdlog::info("{}: is back", source_.name);
    if (!came_) away(false);
    came_ = true;
    next.size = next.picture.size();
    next.frame = frame_++;
    give(std::move(next));
  }
  if (live) {
    why_ = came_ ? "the stream has ended" : kNoFrame;
    return true;
  }
  if (!stopped() && frame_ == 0) {
    item.error = kNoFrame;
    give(std::move(item));
  } else if (!stopped()) {
    warnIfCutOff(source_, *frames, frame_);
  }
  return false;
}

/// Waits until one more frame may be under way, passing over those of a live source that come meanwhile. False to end.
bool Feed::waitForPlace(FrameReader& frames) {
  const bool drops = frames.live() && settings_.dropLate;
  std::unique_lock lock(mutex_);
  while (!stop_ && places_ >= settings_.mostUnderWay) {
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

void Feed::give(Item item) {
  UnderWay one;
  if (item.error.empty()) {
    const auto picture = std::make_shared<cv::Mat>(item.picture);  // the same pixels
    one.ticket = pool_.submit({trtyolo::view(*picture), picture});
  }
  one.item = std::move(item);
  {
    const std::lock_guard lock(mutex_);
    underWay_.push_back(std::move(one));
    ++places_;
  }
  changed_.notify_all();
}

// ---------------------------------------------------------------------------------------------------------------------
// Results

void Feed::take() {
  for (;;) {
    std::optional<UnderWay> one;
    bool failed = false;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return readAll_ || !underWay_.empty(); });
      if (underWay_.empty()) {
        counts_.ended = true;
        return;
      }
      one.emplace(std::move(underWay_.front()));
      underWay_.pop_front();
      failed = failure_ != nullptr;
    }
    bool predicted = one->item.error.empty();
    try {
      if (predicted) one->item.found = one->ticket.get();
    } catch (const std::exception& error) {
      one->item.error = error.what();
      predicted = false;
    }
    try {
      if (!failed) take_(one->item);
    } catch (...) {
      fail();
    }
    one.reset();
    {
      const std::lock_guard lock(mutex_);
      --places_;
      ++(predicted ? counts_.predicted : counts_.failed);
    }
    changed_.notify_all();
  }
}

}  // namespace app
