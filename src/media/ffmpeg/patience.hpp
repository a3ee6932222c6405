// How long a video's source may be silent, and whether somebody wants no more of it.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <string>

namespace trtyolo::media {

// For one thread, but for interrupt().
class Patience {
 public:
  explicit Patience(std::function<bool()> stopped) : stopped_(std::move(stopped)) {}

  void interrupt() noexcept { interrupted_ = true; }

  // From now on, so many seconds; 0: for ever.
  void begin(double seconds);

  // Whether what waits is to give up.
  bool isOver();

  // Throws VideoInterruptedError or VideoTimeoutError if it has been over; `what` was being waited for.
  void rethrow(const std::string& source, const char* what) const;

 private:
  enum class End { None, Interrupted, Timeout };

  std::function<bool()> stopped_;
  std::atomic<bool> interrupted_ = false;
  double seconds_ = 0;
  std::chrono::steady_clock::time_point begin_;
  End end_ = End::None;
};

}  // namespace trtyolo::media
