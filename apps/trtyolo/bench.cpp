// The command bench: runs a worker process for each row, and gathers what they say.
#include "bench.hpp"

#include <algorithm>
#include <fstream>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "bench_child.hpp"
#include "bench_report.hpp"
#include "bench_worker.hpp"
#include "model_options.hpp"
#include "progress.hpp"
#include "trtyolo.hpp"

namespace app {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kNetwork = "network";
constexpr const char* kModel = "model";
constexpr const char* kClones = "clones";
constexpr const char* kSeparate = "separate";

struct BenchOptions {
  std::string model;
  ModelOptions options;
  std::vector<int> clones{1, 2, 4, 8};
  std::vector<std::string> kinds{kNetwork, kModel, kClones, kSeparate};
  std::string source;
  double seconds = 5;
  std::string json;

  // Of a worker only.
  std::string kind;
  int n = 1;
};

/// What a clone, or a request of the bare network, is given: a stream each as far as there are cores. One model alone,
/// and each of several separate ones, has the option's own default, which is one stream.
int streamsOf(const std::string& kind, int n) {
  if (kind != kClones && kind != kNetwork) return 1;
  return std::min(n, std::max(1, static_cast<int>(std::thread::hardware_concurrency())));
}

}  // namespace
}  // namespace app
