// What ran in a slice of time.
#pragma once

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

namespace bench {

struct Speed {
  double seconds = 0;             ///< wall time
  int images = 1;                 ///< of each call or run
  std::vector<double> latencies;  ///< milliseconds of each call or run

  double imagesPerSecond() const { return static_cast<double>(latencies.size()) * images / seconds; }
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
  void append(const Speed& other) {
    images = other.images;
    latencies.insert(latencies.end(), other.latencies.begin(), other.latencies.end());
  }
};

inline void to_json(nlohmann::ordered_json& json, const Speed& speed) {
  json = {{"seconds", speed.seconds}, {"images", speed.images}, {"latencies", speed.latencies}};
}

inline void from_json(const nlohmann::ordered_json& json, Speed& speed) {
  json.at("seconds").get_to(speed.seconds);
  json.at("images").get_to(speed.images);
  json.at("latencies").get_to(speed.latencies);
}

}  // namespace bench
