// The measuring half of bench: see bench_worker.hpp.
#include "bench_worker.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <exception>
#include <istream>
#include <memory>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <utility>

#include "bench_models.hpp"
#include "bench_picture.hpp"
#include "bench_processes.hpp"
#include "memory.hpp"
#include "percentile.hpp"

namespace app {
namespace {

using Json = nlohmann::ordered_json;

/// Divided at the end, so that the JSON has no long tails of digits.
double rounded(double value, int decimals) {
  const double scale = std::pow(10.0, decimals);
  return std::round(value * scale) / scale;
}

void describe(Json& row, const BenchSpeed& speed, int images) {
  row["images_per_s"] = rounded(speed.imagesPerSecond(images), 2);
  row["p50_ms"] = rounded(percentile(speed.latencies, 50), 3);
  row["p99_ms"] = rounded(percentile(speed.latencies, 99), 3);
}

/// Slices short enough that the machine is the same for two neighbours, and long enough that the ragged end, when not
/// every thread still works, counts for little.
constexpr double kSlice = 0.5;
constexpr int kRoundsOfASlice = 4, kFewestSlices = 3;

struct Slices {
  double seconds;
  int count;
};

Slices slicesFor(double seconds, double secondsOfARound) {
  const double slice = std::max(std::min(kSlice, seconds / kFewestSlices), kRoundsOfASlice * secondsOfARound);
  return {slice, std::max(kFewestSlices, static_cast<int>(std::lround(seconds / slice)))};
}

Json row(const BenchJob& job, const ProcessMemory& program, const BenchState& state) {
  Json row{{"kind", job.kind},
           {"n", job.n},
           {"batch", state.batch},
           {"memory", job.onGpu ? "gpu" : "host"},
           {"streams", job.streams}};
  if (state.pool) row["streams"] = row["contexts"] = state.contexts;
  row["rss_mb"] = rounded(state.process.resident, 1);
  row["pss_mb"] = rounded(state.process.proportional, 1);
  row["gpu_mb"] = 0;
  row["program_mb"] = rounded(program.resident, 1);
  if (state.gpu) {
    const auto megabytes = [](std::size_t bytes) { return rounded(static_cast<double>(bytes) / 1e6, 1); };
    row["gpu_mb"] = megabytes(state.gpu->total());
    row["gpu_engine_mb"] = megabytes(state.gpu->engine);
    row["gpu_contexts_mb"] = megabytes(state.gpu->contexts);
    row["gpu_scratch_mb"] = megabytes(state.gpu->scratch);
    row["gpu_buffers_mb"] = megabytes(state.gpu->buffers);
    row["pinned_mb"] = megabytes(state.gpu->pinned);
    row["executors"] = state.gpu->executors;
  }
  return row;
}

/// What only a pool has.
void describePool(Json& row, const trtyolo::PoolMetrics& metrics) {
  row["mean_batch"] = rounded(metrics.meanBatch(), 2);
  row["wait_ms"] = rounded(metrics.wait.median, 3);
  row["wait_p99_ms"] = rounded(metrics.wait.p99, 3);
  row["longest_queue"] = metrics.longestQueue;
}

/// The bare network in a process of its own; its memory is read while it runs, because its requests go afterwards.
Json measureNetworkAlone(const BenchJob& job, BenchSubject& subject, const ProcessMemory& program,
                         const std::function<void(double)>& onProgress) {
  BenchSpeed all = subject.network(0.1);  // warms up, and tells how long a round takes
  const Slices slices = slicesFor(job.seconds, percentile(all.latencies, 50) / 1e3);
  all = {};
  BenchState state;
  for (int i = 0; i < slices.count; ++i) {
    BenchSpeed slice;
    std::exception_ptr failure;
    std::thread running([&] {
      try {
        slice = subject.network(slices.seconds);
      } catch (...) {
        failure = std::current_exception();
      }
    });
    std::this_thread::sleep_for(std::chrono::duration<double>(slices.seconds / 2));
    if (i == slices.count / 2) state = subject.state();
    running.join();
    if (failure) std::rethrow_exception(failure);
    all.add(slice);
    onProgress((i + 1.0) / slices.count);
  }
  Json result = row(job, program, state);
  describe(result, all, state.batch);
  return {{"row", std::move(result)}};
}

/// Each thread has done a few calls, and together they have filled every stream, before anything counts. Seconds of a
/// round.
double warmUp(BenchSubject& subject) {
  constexpr int kRounds = 4;
  double round = 0;
  for (int i = 0; i < kRounds; ++i) round = subject.predict(0).seconds;
  return round;
}

}  // namespace

Json describeBench(const trtyolo::ModelInfo& info, const std::string& source) {
  const cv::Mat picture = benchPicture(source);
  return {{"task", trtyolo::toString(info.task)},
          {"classes", info.names.size()},
          {"precision", info.precision},
          {"network", {info.networkWidth, info.networkHeight}},
          {"batch", info.batch},
          {"backend", info.backend},
          {"device", info.device},
          {"image", {picture.cols, picture.rows}}};
}

Json measureBench(const BenchJob& job, const std::function<void(double)>& onProgress) {
  const cv::Mat picture = benchPicture(job.source);
  const ProcessMemory program = processMemory();
  std::unique_ptr<BenchSubject> subject;
  if (job.kind == "processes") {
    subject = std::make_unique<BenchProcesses>(job.n, job.process);
  } else {
    subject = std::make_unique<BenchModels>(job, picture);
  }
  if (job.kind == "network") return measureNetworkAlone(job, *subject, program, onProgress);

  // Memory is read before the bare network runs for the first time, because that makes requests of its own.
  const double round = warmUp(*subject);
  const BenchState warm = subject->state();
  subject->network(0.1);

  const Slices slices = slicesFor(job.seconds, round);
  BenchSpeed network, predict;
  std::vector<double> ratios;
  for (int i = 0; i < slices.count; ++i) {
    BenchSpeed networkSlice, predictSlice;
    // Turn about, so that a machine that gets faster or slower favours neither.
    if (i % 2 == 0) {
      networkSlice = subject->network(slices.seconds);
      predictSlice = subject->predict(slices.seconds);
    } else {
      predictSlice = subject->predict(slices.seconds);
      networkSlice = subject->network(slices.seconds);
    }
    ratios.push_back(predictSlice.imagesPerSecond(warm.imagesOfACall) / networkSlice.imagesPerSecond(warm.batch));
    network.add(networkSlice);
    predict.add(predictSlice);
    onProgress((i + 1.0) / slices.count);
  }

  const BenchState end = subject->state();
  Json result = row(job, program, warm), beside;
  describe(result, predict, warm.imagesOfACall);
  describe(beside, network, warm.batch);
  result["ratio"] = rounded(percentile(ratios, 50), 4);
  result["network_images_per_s"] = beside["images_per_s"];
  result["before_ms"] = rounded(end.timing.before, 3);
  result["after_ms"] = rounded(end.timing.after, 3);
  result["after_ratio"] = rounded(end.timing.after / end.timing.network, 4);
  if (end.pool) describePool(result, *end.pool);
  if (end.task != trtyolo::Task::Classify) result["objects"] = end.objects;
  result["slices"] = ratios.size();
  return {{"row", std::move(result)}, {"network", std::move(beside)}};
}

void serveBench(const BenchJob& job, std::istream& commands, const std::function<void(const Json&)>& say) {
  const cv::Mat picture = benchPicture(job.source);
  BenchModels models(job, picture);
  for (std::string line; std::getline(commands, line);) {
    std::istringstream words(line);
    std::string command;
    double seconds = 0;
    words >> command >> seconds;
    if (command == kTellState) {
      say(asJson(models.state()));
    } else if (command == kPredictFor) {
      say(asJson(models.predict(seconds)));
    } else {
      say(asJson(models.network(seconds)));
    }
  }
}

}  // namespace app
