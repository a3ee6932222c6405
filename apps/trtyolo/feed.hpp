// One of several sources that are predicted at once.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "any_pool.hpp"
#include "item.hpp"
#include "sources.hpp"

namespace app {

struct FeedSettings {
  std::size_t mostUnderWay = 2;  ///< frames of this source that are read and not yet taken with their results
  bool dropLate = true;          ///< of a camera or stream: frames that come while as many are under way are dropped
  double giveUp = 0;             ///< seconds without a frame after which a camera or stream is given up; 0: never
};

/// What has become of a source's frames.
struct FeedCounts {
  long predicted = 0;  ///< have a result that was taken
  long failed = 0;     ///< have none
  long dropped = 0;    ///< late, not predicted
  long losses = 0;     ///< how often the source was gone
  bool away = false;   ///< it is gone now, or not there yet
  bool ended = false;  ///< nothing more will come
};

/// A source that a thread reads ahead and gives to a pool, and whose results another thread takes in their order.
///
/// A camera or stream that cannot be opened, or ends, is tried again: after half a second, then twice as long each
/// time, up to half a minute, until a frame has come. Frames are counted on across such a gap. Videos end.
class Feed {
 public:
  /// `take` gets every item with its result, or with an error, in the order of the frames; it is called by a thread of
  /// this feed, and what it throws ends the feed. `source` and `pool` outlive this.
  Feed(const Source& source, std::string saveAs, AnyPool& pool, const FeedSettings& settings,
       std::function<void(Item&)> take);
  /// Waits for its threads, which end by themselves at the end of a video or after stop().
  ~Feed();
  Feed(const Feed&) = delete;
  Feed& operator=(const Feed&) = delete;

  /// Reads no more; what is under way is finished.
  void stop();

  const Source& source() const { return source_; }
  FeedCounts counts() const;
  /// What `take` threw, or what ended the reading; thrown once.
  void rethrow();

 private:
  struct UnderWay {
    Item item;
    AnyTicket ticket;  ///< of an item without an error
  };

  void read();
  bool readOnce();
  void give(Item item);
  bool waitForPlace(FrameReader& frames);
  void take();
  void away(bool gone);
  void fail();
  bool stopped() const;

  const Source& source_;
  const std::string saveAs_;
  AnyPool& pool_;
  const FeedSettings settings_;
  const std::function<void(Item&)> take_;

  long frame_ = 0;     ///< number of the next; the reading thread's
  bool came_ = false;  ///< a frame has come since the source was opened; the reading thread's
  std::string why_;    ///< it could not be opened; the reading thread's

  mutable std::mutex mutex_;  ///< of all below
  std::condition_variable changed_;
  std::deque<UnderWay> underWay_;
  std::size_t places_ = 0;  ///< of mostUnderWay, taken
  bool stop_ = false, readAll_ = false;
  FeedCounts counts_;
  std::exception_ptr failure_;

  std::thread reader_, taker_;  ///< last, so that the rest exists when they start
};

}  // namespace app
