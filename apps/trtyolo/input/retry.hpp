// When a camera or stream that is gone is tried again.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>
#include <string>

namespace app {

/// Half a second after it went, then after twice as long each time, up to half a minute, until a frame has come. For
/// one thread.
class Retry {
 public:
  /// `giveUp`: seconds without a frame after which it is not tried any more; 0: never.
  explicit Retry(double giveUp) : giveUp_(giveUp) {}

  /// A frame has come.
  void came() {
    pause_ = kFirst;
    last_ = Clock::now();
  }

  /// Seconds to wait before it is tried again; nothing if it is given up.
  std::optional<double> next() {
    const double pause = pause_;
    if (giveUp_ > 0 && gone() + pause > giveUp_) return std::nullopt;
    pause_ = std::min(2 * pause, kLongest);
    return pause;
  }

  /// The error of a source that is given up; `why`: it could not be opened the last time.
  std::string givenUp(const std::string& why) const {
    return why + "; given up after " + std::to_string(std::lround(gone())) + " s";
  }

 private:
  /// Seconds since a frame came.
  double gone() const { return std::chrono::duration<double>(Clock::now() - last_).count(); }

  using Clock = std::chrono::steady_clock;
  static constexpr double kFirst = 0.5, kLongest = 30;

  double giveUp_, pause_ = kFirst;
  Clock::time_point last_ = Clock::now();
};

}  // namespace app
