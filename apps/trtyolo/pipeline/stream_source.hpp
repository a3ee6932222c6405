// One of several sources that are predicted at once.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "input/frame_reader.hpp"
#include "input/input_settings.hpp"
#include "input/sources.hpp"
#include "pipeline/item.hpp"
#include "trtyolo/pool.hpp"

namespace app {

struct StreamSettings {
  std::size_t maxInFlight = 2;  ///< frames of this source that are read and not yet taken with their results
  bool dropLate = true;         ///< of a camera or stream: drop the frames that come while that many are in flight
  InputSettings input = {};     ///< without `stopped`, which is the source's own
  double giveUp = 0;            ///< seconds without a frame after which a camera or stream is given up; 0: never
};

/// What has become of a source's frames.
struct StreamCounts {
  long predicted = 0;  ///< have a result that was taken
  long failed = 0;     ///< have none
  long dropped = 0;    ///< late, not predicted
  long losses = 0;     ///< how often the source was gone
  bool away = false;   ///< it is gone now, or not there yet
  bool ended = false;  ///< nothing more will come
};

/// A source that one thread reads ahead and submits to a pool, and whose results another thread takes in their order.
///
/// A camera or stream that cannot be opened, or ends, is tried again, as Retry says. Frames are counted on across such
/// a gap. Videos end, and what is one picture (a GIF, a URL) gives one item.
class StreamSource {
 public:
  /// `name` becomes Item::name. `take` gets every item with its result, or with an error, in the order of the frames;
  /// it is called by a thread of this object, and what it throws ends the source. `source` and `pool` outlive this.
  /// @throws std::runtime_error  a thread cannot be started
  StreamSource(const Source& source, std::string name, trtyolo::Pool<>& pool, const StreamSettings& settings,
               std::function<void(Item&)> take);
  /// Reads no more, and waits for the threads.
  ~StreamSource();
  StreamSource(const StreamSource&) = delete;
  StreamSource& operator=(const StreamSource&) = delete;

  /// Reads no more; what is in flight is finished.
  void stop();

  const Source& source() const { return source_; }
  StreamCounts counts() const;
  /// True after stop() when nothing is in flight any more; the source itself may still be waited for.
  bool isIdle() const;
  /// Throws what ended the source, if something did: what `take` threw, or what went wrong in a thread. Only once.
  void rethrow();

 private:
  struct InFlight {
    Item item;
    trtyolo::Ticket<> ticket;  ///< of an item without an error
  };

  void readAll();
  std::jthread start(void (StreamSource::*work)(), bool& ended);
  void read();
  bool readOnce();
  InputSettings inputSettings(const InputSettings& given) const;
  void came(const FrameReader& frames);
  void submit(Item item);
  bool waitForPlace(FrameReader& frames);
  void take();
  void setAway(bool away);
  bool stopped() const;

  const Source& source_;
  const std::string name_;
  trtyolo::Pool<>& pool_;
  const StreamSettings settings_;
  const InputSettings input_;
  const std::function<void(Item&)> take_;

  long frame_ = 0;                               ///< number of the next; the reading thread's
  std::chrono::steady_clock::time_point first_;  ///< when the first one came; the reading thread's
  bool came_ = false;                            ///< a frame has come since the source was opened; the reading thread's
  std::string why_;                              ///< it could not be opened; the reading thread's

  mutable std::mutex mutex_;  ///< of all below
  std::condition_variable changed_;
  std::deque<InFlight> inFlight_;
  std::size_t places_ = 0;  ///< how many of maxInFlight are used
  bool stop_ = false, readAll_ = false;
  StreamCounts counts_;
  std::exception_ptr failure_;

  std::jthread reader_, taker_;  ///< last, so that they have ended before the rest goes
};

}  // namespace app
