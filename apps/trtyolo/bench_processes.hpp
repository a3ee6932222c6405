// Processes with a model each, for bench.
//
// They read commands, a line each, from their standard input, and answer each with a line of JSON:
//   predict S    calls predict() for S seconds: {"seconds": ..., "latencies": [milliseconds, ...]}
//   network S    the same of the bare network
//   state        BenchState
// What goes wrong is told as {"error": "..."}.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bench_child.hpp"
#include "bench_subject.hpp"

namespace app {

inline constexpr const char* kPredictFor = "predict";
inline constexpr const char* kNetworkFor = "network";
inline constexpr const char* kTellState = "state";

nlohmann::ordered_json asJson(const BenchSpeed& speed);
nlohmann::ordered_json asJson(const BenchState& state);

/// All do the same at the same time.
class BenchProcesses final : public BenchSubject {
 public:
  /// Starts `count` of them; `arguments` are their command line.
  BenchProcesses(int count, const std::vector<std::string>& arguments);

  BenchSpeed predict(double seconds) override { return speed(kPredictFor, seconds); }
  BenchSpeed network(double seconds) override { return speed(kNetworkFor, seconds); }
  /// Memory is that of all together.
  BenchState state() override;

 private:
  BenchSpeed speed(const char* what, double seconds);
  std::vector<nlohmann::ordered_json> ask(const std::string& command);

  std::vector<std::unique_ptr<Child>> children_;
};

}  // namespace app
