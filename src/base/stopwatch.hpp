// Wall time between steps.
#pragma once

#include <chrono>
#include <optional>
#include <utility>

#include "base/trace.hpp"

namespace trtyolo {

// A step that has a name is a TraceRange, too.
class Stopwatch {
 public:
  explicit Stopwatch(const char* step = nullptr) { begin(step); }

  // Ends the step and begins the next. Milliseconds since the last lap, or since it was made.
  double lap(const char* next = nullptr) {
    range_.reset();
    const auto now = std::chrono::steady_clock::now();
    begin(next);
    return std::chrono::duration<double, std::milli>(now - std::exchange(last_, now)).count();
  }

 private:
  void begin(const char* step) {
    if (step) {
      range_.emplace(step);
    }
  }

  std::optional<TraceRange> range_;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

}  // namespace trtyolo
