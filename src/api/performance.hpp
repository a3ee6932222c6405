// Timings of calls, and their summary as text.
#pragma once

#include <cstddef>
#include <mutex>
#include <string>
#include <tuple>
#include <vector>

#include "runtime/engine.hpp"
#include "trtyolo.hpp"

namespace trtyolo {

// The last kCapacity calls. Any thread.
class PerformanceLog {
 public:
  static constexpr std::size_t kCapacity = 65536;

  // A call of predict(): how long it took, and its runs of the network together.
  void add(int images, double hostMilliseconds, const StageTimes& times);

  // Throughput, host latency, device latency, as three lines.
  std::tuple<std::string, std::string, std::string> report() const;

  Timing timing() const;

 private:
  struct Call {
    double images, host;
    StageTimes times;
  };

  std::vector<Call> calls() const;
  static std::vector<double> valuesOf(const std::vector<Call>& calls, double (*value)(const Call&));

  mutable std::mutex mutex_;
  std::vector<Call> calls_;  // a ring once it is full
  std::size_t next_ = 0;
};

}  // namespace trtyolo
