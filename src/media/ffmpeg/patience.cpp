#include "media/ffmpeg/patience.hpp"

#include <cstdio>

#include "trtyolo/video.hpp"

namespace trtyolo::media {

void Patience::begin(double seconds) {
  seconds_ = seconds;
  begin_ = std::chrono::steady_clock::now();
  end_ = End::None;
}

bool Patience::isOver() {
  if (end_ != End::None) {
    return true;
  }
  if (interrupted_ || (stopped_ && stopped_())) {
    end_ = End::Interrupted;
  } else if (seconds_ > 0 &&
             std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count() > seconds_) {
    end_ = End::Timeout;
  }
  return end_ != End::None;
}

void Patience::rethrow(const std::string& source, const char* what) const {
  if (end_ == End::Interrupted) {
    throw VideoInterruptedError(source + ": interrupted while it was read");
  }
  if (end_ == End::Timeout) {
    char seconds[32];
    std::snprintf(seconds, sizeof(seconds), "%g", seconds_);
    throw VideoTimeoutError(source + ": expected " + what + " within " + seconds + " s, and none came");
  }
}

}  // namespace trtyolo::media
