// What bench measures.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "memory.hpp"
#include "trtyolo.hpp"
#include "trtyolo/pool.hpp"

namespace app {

/// What ran, in one slice or in all.
struct BenchSpeed {
  double seconds = 0;
  std::vector<double> latencies;  ///< milliseconds of each call or run

  /// `images`: of each call or run.
  double imagesPerSecond(int images) const { return static_cast<double>(latencies.size()) * images / seconds; }
  void add(const BenchSpeed& slice) {
    seconds += slice.seconds;
    latencies.insert(latencies.end(), slice.latencies.begin(), slice.latencies.end());
  }
  /// What ran at the same time.
  void addBeside(const BenchSpeed& other) {
    latencies.insert(latencies.end(), other.latencies.begin(), other.latencies.end());
    if (other.seconds > seconds) seconds = other.seconds;
  }
};

/// What is at work, at one moment.
struct BenchState {
  int batch = 1;          ///< images of a run of the bare network
  int imagesOfACall = 1;  ///< of predict()
  trtyolo::Task task = trtyolo::Task::Detect;
  std::size_t objects = 0;                ///< found in the picture by the latest call of the first thread
  trtyolo::Timing timing;                 ///< medians of a call's parts, over all calls so far; of a pool: of its runs
  ProcessMemory process;                  ///< of all processes
  std::optional<trtyolo::MemoryUse> gpu;  ///< of all engines; nothing where the models run on the CPU
  std::optional<trtyolo::PoolMetrics> pool;
  int contexts = 0;  ///< of the pool
};

/// Models, clones, callers of a pool, or processes, and the two things to measure with them.
class BenchSubject {
 public:
  BenchSubject() = default;
  virtual ~BenchSubject() = default;
  BenchSubject(const BenchSubject&) = delete;
  BenchSubject& operator=(const BenchSubject&) = delete;

  /// All at work side by side, call after call until `seconds` are over; one call each at least.
  virtual BenchSpeed predict(double seconds) = 0;
  /// The bare network under the same settings.
  virtual BenchSpeed network(double seconds) = 0;
  virtual BenchState state() = 0;
};

/// Adds one of `count` models to their mean.
inline void addShare(trtyolo::Timing& mean, const trtyolo::Timing& one, std::size_t count) {
  const auto shares = static_cast<double>(count);
  mean.before += one.before / shares;
  mean.network += one.network / shares;
  mean.after += one.after / shares;
}

}  // namespace app
