// The pictures of a view: drawn and encoded for whoever looks.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "view/feed.hpp"

namespace app {

/// Makes JPEG pictures of the latest frames, one for all who look, in a thread of its own that takes what time the
/// processors have left. A feed that nobody has asked for lately costs nothing.
class Pictures {
 public:
  struct Picture {
    std::shared_ptr<const std::string> jpeg;  ///< null: there is none yet
    long number = 0;                          ///< of the frame, as Feed::Latest has it
  };

  /// `feeds` outlives this.
  /// @throws std::runtime_error  a thread cannot be started
  explicit Pictures(const std::deque<Feed>& feeds);
  ~Pictures();
  Pictures(const Pictures&) = delete;
  Pictures& operator=(const Pictures&) = delete;

  /// The last picture of a feed; from now on newer ones are made, until nobody has asked for a while. Does not wait.
  /// Any thread.
  Picture ask(std::size_t feed);

 private:
  using Clock = Feed::Clock;

  struct Slot {
    const Feed* feed = nullptr;
    Clock::time_point asked{}, begun{};  ///< when somebody asked last; when the last picture was begun
    long tried = 0;                      ///< number of the frame that was drawn last, with or without success
    bool failed = false;                 ///< without; it is told once
    Picture picture;
  };

  void work();
  Slot* findDue(Clock::time_point now);

  const int width_;  ///< most pixels of a picture's width
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stop_ = false;
  std::vector<Slot> slots_;
  std::jthread thread_;  ///< last, so that it has ended before the rest goes
};

}  // namespace app
