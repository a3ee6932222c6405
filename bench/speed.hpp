// What ran in a slice of time.
#pragma once

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <semaphore>
#include <vector>

namespace bench {

struct Speed {
  double seconds = 0;             ///< wall time
  int images = 1;                 ///< of each call or run
  std::vector<double> latencies;  ///< milliseconds of each call or run
  double processor = 0;           ///< seconds of the processor that the process took, of all threads; 0: not known

  double imagesPerSecond() const { return count() / seconds; }
  double processorMilliseconds() const { return processor * 1e3 / count(); }  ///< for an image
  /// What ran afterwards.
  void add(const Speed& next) {
    append(next);
    seconds += next.seconds;
  }
  /// What ran at the same time.
  void addBeside(const Speed& other) {
    append(other);
    seconds = std::max(seconds, other.seconds);
  }

 private:
  double count() const { return static_cast<double>(latencies.size()) * images; }
  void append(const Speed& other) {
    images = other.images;
    processor += other.processor;
    latencies.insert(latencies.end(), other.latencies.begin(), other.latencies.end());
  }
};

/// `call`, which is of so many images, again and again until `seconds` are over, once at least; each when there is a
/// turn for it, which is not a part of it.
template <typename Call>
Speed repeated(double seconds, int images, std::counting_semaphore<>& turns, const Call& call) {
  using Clock = std::chrono::steady_clock;
  struct Turn {
    std::counting_semaphore<>& turns;
    ~Turn() { turns.release(); }
  };
  const auto secondsBetween = [](Clock::time_point from, Clock::time_point to) {
    return std::chrono::duration<double>(to - from).count();
  };
  Speed speed;
  speed.images = images;
  const auto begin = Clock::now();
  do {
    turns.acquire();
    const Turn turn{turns};
    const auto start = Clock::now();
    call();
    const auto end = Clock::now();
    speed.latencies.push_back(secondsBetween(start, end) * 1e3);
    speed.seconds = secondsBetween(begin, end);
  } while (speed.seconds < seconds);
  return speed;
}

/// The same without turns.
template <typename Call>
Speed repeated(double seconds, int images, const Call& call) {
  std::counting_semaphore<> turns(1);
  return repeated(seconds, images, turns, call);
}

inline void to_json(nlohmann::ordered_json& json, const Speed& speed) {
  json = {{"seconds", speed.seconds},
          {"images", speed.images},
          {"latencies", speed.latencies},
          {"processor", speed.processor}};
}

inline void from_json(const nlohmann::ordered_json& json, Speed& speed) {
  json.at("seconds").get_to(speed.seconds);
  json.at("images").get_to(speed.images);
  json.at("latencies").get_to(speed.latencies);
  speed.processor = json.value("processor", 0.0);
}

}  // namespace bench
