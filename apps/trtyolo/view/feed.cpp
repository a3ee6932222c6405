// What a view knows of one source: see feed.hpp.
#include "view/feed.hpp"

#include <algorithm>

namespace app {
namespace {

constexpr auto kWindow = std::chrono::seconds(5);   // in which frames are counted for the rate
constexpr auto kStalled = std::chrono::seconds(3);  // without a frame

double seconds(Feed::Clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

void Feed::put(Item&& item) {
  item.memory.reset();
  if (!item.error.empty()) {
    const std::lock_guard lock(mutex_);
    error_ = std::move(item.error);
    return;
  }
  std::shared_ptr<const Item> latest = std::make_shared<Item>(std::move(item));
  const Clock::time_point now = Clock::now();
  const std::lock_guard lock(mutex_);
  latest_.item.swap(latest);
  ++latest_.number;
  error_.clear();
  times_.push_back(now);
  while (now - times_.front() > kWindow) times_.pop_front();
}

void Feed::setLink(Link link) {
  const std::lock_guard lock(mutex_);
  if (link_ == Link::Away && link == Link::There) back_ = Clock::now();
  link_ = link;
}

Feed::Latest Feed::latest() const {
  const std::lock_guard lock(mutex_);
  return latest_;
}

Feed::Status Feed::status(Clock::time_point now) const {
  const std::lock_guard lock(mutex_);
  Status status;
  status.latest = latest_;
  status.error = error_;
  const Clock::duration age = times_.empty() ? Clock::duration::zero() : now - times_.back();
  status.age = seconds(age);
  if (times_.size() > 1 && age < kStalled && times_.back() > times_.front()) {
    status.rate = static_cast<double>(times_.size() - 1) / seconds(times_.back() - times_.front());
  }
  if (link_ == Link::Ended) {
    status.state = State::Ended;
  } else if (link_ == Link::Away) {
    status.state = State::Reconnecting;
  } else if (latest_.item) {
    // One that is back has sent a frame, which has yet to be predicted.
    status.state = std::min(age, now - back_) > kStalled ? State::Stalled : State::Live;
  }
  return status;
}

const char* toString(Feed::State state) {
  switch (state) {
    case Feed::State::Waiting:
      return "waiting";
    case Feed::State::Live:
      return "live";
    case Feed::State::Stalled:
      return "stalled";
    case Feed::State::Reconnecting:
      return "reconnecting";
    case Feed::State::Ended:
      return "ended";
  }
  return "";
}

}  // namespace app
