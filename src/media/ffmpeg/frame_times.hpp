// When frames are shown, by their time stamps.
#pragma once

#include "media/ffmpeg/ffmpeg.hpp"

namespace trtyolo::media {

// Seconds from the first frame, rising from frame to frame whatever the stamps do: frames without one, or with one that
// has been, come one step after the last.
class FrameTimes {
 public:
  FrameTimes(AVRational timeBase, double fps) : unit_(av_q2d(timeBase)), step_(fps > 0 ? 1 / fps : kStep) {}

  void came(const AVFrame& frame) {
    const bool stamped = frame.best_effort_timestamp != AV_NOPTS_VALUE;
    const double stamp = stamped ? static_cast<double>(frame.best_effort_timestamp) * unit_ : 0;
    if (first_) {
      first_ = false;
      origin_ = stamp;
      return;
    }
    if (stamped && stamp - origin_ > time_) {
      time_ = stamp - origin_;
      return;
    }
    time_ += step_;
    if (stamped && time_ - (stamp - origin_) > kJump) {  // they begin anew
      origin_ = stamp - time_;
    }
  }

  double time() const { return time_; }

 private:
  static constexpr double kStep = 1.0 / 25, kJump = 1;  // seconds

  double unit_, step_;
  double origin_ = 0, time_ = 0;
  bool first_ = true;
};

}  // namespace trtyolo::media
