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

struct Statistics {
  double min = 0, max = 0, mean = 0, median = 0, p90 = 0, p95 = 0, p99 = 0;
};

// Percentiles interpolate linearly between the two nearest ranks (NumPy's default). `values` must not be empty.
Statistics summarize(std::vector<double> values);

// The last kCapacity calls. Any thread.
class PerformanceLog {
 public:
  static constexpr std::size_t kCapacity = 65536;

  // A call of predict(): how long it took, and its runs of the network together.
  void add(int images, double hostMilliseconds, const RunTimes& times);

  // Throughput, host latency, device latency, as three lines.
  std::tuple<std::string, std::string, std::string> report() const;

  Timing timing() const;

 private:
  struct Call {
    double images, host;
    RunTimes times;
  };
  mutable std::mutex mutex_;
  std::vector<Call> calls_;  // a ring once it is full
  std::size_t next_ = 0;
};

}  // namespace trtyolo
