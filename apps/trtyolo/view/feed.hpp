// What a view knows of one source: its latest frame, and how it does.
#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "pipeline/item.hpp"

namespace app {

/// A mailbox for the latest frame of a source. Any thread: whoever predicts puts frames in and never waits for whoever
/// looks, as the lock is held for the exchange of a pointer only.
class Feed {
 public:
  using Clock = std::chrono::steady_clock;

  /// What its reader says of the source.
  enum class Link { There, Away, Ended };

  /// What becomes of that: Waiting has had no frame yet, Stalled none for some seconds, Reconnecting is gone and tried
  /// again.
  enum class State { Waiting, Live, Stalled, Reconnecting, Ended };

  struct Latest {
    std::shared_ptr<const Item> item;  ///< null: there is none yet
    long number = 0;                   ///< how many frames there were; tells one from another
  };

  struct Status {
    Latest latest;
    State state = State::Waiting;
    double rate = 0;    ///< frames a second, lately
    double age = 0;     ///< seconds since the latest frame came; 0 if there is none
    std::string error;  ///< of what came after that frame
  };

  /// `name`: what the source is called until a frame says it.
  explicit Feed(std::string name) : name_(std::move(name)) {}

  const std::string& name() const { return name_; }

  /// In the place of the one before. An item with an error leaves the picture before it where it is. Its share of the
  /// budget of pixels is given back: each feed holds one frame beyond it.
  void put(Item&& item);
  void setLink(Link link);

  Latest latest() const;
  /// `now`: for tests.
  Status status(Clock::time_point now = Clock::now()) const;

 private:
  const std::string name_;
  mutable std::mutex mutex_;  ///< of all below
  Latest latest_;
  Link link_ = Link::There;
  Clock::time_point back_{};  ///< when it was there again
  std::string error_;
  std::deque<Clock::time_point> times_;  ///< of the last seconds' frames, and of the latest one
};

const char* toString(Feed::State state);

}  // namespace app
