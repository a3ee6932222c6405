// The measuring half of bench: see bench_worker.hpp.
#include "bench_worker.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <exception>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "any_model.hpp"
#include "any_pool.hpp"
#include "bench_picture.hpp"
#include "bench_team.hpp"
#include "memory.hpp"
#include "percentile.hpp"

namespace app {
namespace {

using Clock = std::chrono::steady_clock;
using Json = nlohmann::ordered_json;

double secondsBetween(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

/// Divided at the end, so that the JSON has no long tails of digits.
double rounded(double value, int decimals) {
  const double scale = std::pow(10.0, decimals);
  return std::round(value * scale) / scale;
}

/// What ran, in one slice or in all.
struct Speed {
  double seconds = 0;
  std::vector<double> latencies;  // milliseconds of each call or run

  /// `images`: of each call or run.
  double imagesPerSecond(int images) const { return static_cast<double>(latencies.size()) * images / seconds; }
  void add(const Speed& slice) {
    seconds += slice.seconds;
    latencies.insert(latencies.end(), slice.latencies.begin(), slice.latencies.end());
  }
  void describe(Json& row, int images) const {
    row["images_per_s"] = rounded(imagesPerSecond(images), 2);
    row["p50_ms"] = rounded(percentile(latencies, 50), 3);
    row["p99_ms"] = rounded(percentile(latencies, 99), 3);
  }
};

/// The models of a job, or callers of a pool, a thread for each, and the two things to measure with them.
class Bench {
 public:
  Bench(const BenchJob& job, const cv::Mat& picture) : separate_(job.kind == "separate"), requests_(job.n) {
    trtyolo::InferOption option = job.option;
    option.enablePerformanceReport();
    const auto load = [&] { return AnyModel(job.model, option, job.task); };
    models_.push_back(load());
    const bool one = job.kind == "network" || job.kind == "pool";
    const int models = one ? 1 : job.n;
    while (static_cast<int>(models_.size()) < models) models_.push_back(separate_ ? load() : models_.front().clone());
    if (job.kind == "pool") {
      pool_ = std::make_unique<AnyPool>(models_.front());
      requests_ = pool_->base().contexts();
    }
    // The pixels are only read.
    const trtyolo::Image image(picture.data, picture.cols, picture.rows, picture.channels(), picture.step[0]);
    images_.assign(static_cast<std::size_t>(batch()), image);
    team_ = std::make_unique<Team>(pool_ ? job.n : models);
  }

  /// Images of a run of the bare network.
  int batch() const { return models_.front().base().batch(); }
  /// Images of a call of predict().
  int imagesOfACall() const { return pool_ ? 1 : batch(); }
  const AnyPool* pool() const { return pool_.get(); }
  trtyolo::Task task() const { return models_.front().base().info().task; }
  /// Of all engines; nothing where the models run on the CPU.
  std::optional<trtyolo::MemoryUse> gpuMemory() const {
    if (models_.front().base().info().backend != "tensorrt") return std::nullopt;
    trtyolo::MemoryUse sum;
    const std::size_t engines = separate_ ? models_.size() : 1;
    for (std::size_t i = 0; i < engines; ++i) {
      const trtyolo::MemoryUse use = models_[i].base().memory();
      sum.engine += use.engine;
      sum.contexts += use.contexts;
      sum.scratch += use.scratch;
      sum.buffers += use.buffers;
      sum.pinned += use.pinned;
      sum.executors += use.executors;
    }
    return sum;
  }
  /// Objects found in the picture by the latest call of the first thread.
  std::size_t objects() const { return objects_; }
  /// Medians of a call's parts, over all calls so far, mean of the models. Of a pool: of its runs.
  trtyolo::Timing timing() const {
    trtyolo::Timing mean;
    if (pool_) {
      const trtyolo::PoolMetrics metrics = pool_->base().metrics();
      mean.before = metrics.before.median;
      mean.network = metrics.network.median;
      mean.after = metrics.after.median;
      return mean;
    }
    const auto models = static_cast<double>(models_.size());
    for (const AnyModel& model : models_) {
      const trtyolo::Timing timing = model.base().timing();
      mean.before += timing.before / models;
      mean.network += timing.network / models;
      mean.after += timing.after / models;
    }
    return mean;
  }

  /// Every model or caller in its thread, call after call until `seconds` are over; one call each at least.
  Speed predict(double seconds) {
    return together([this, seconds](std::size_t number) {
      Speed speed;
      const Clock::time_point begin = Clock::now();
      Clock::time_point start = begin;
      do {
        const Found found = pool_ ? pool_->predict(images_.front()) : models_[number].predict(images_).front();
        const Clock::time_point end = Clock::now();
        speed.latencies.push_back(secondsBetween(start, end) * 1e3);
        speed.seconds = secondsBetween(begin, end);
        start = end;
        if (number == 0) objects_ = found.classes.size();
      } while (speed.seconds < seconds);
      return speed;
    });
  }

  /// The bare network under the same settings: as many requests of one engine as there are clones or as the pool has
  /// contexts, or one request of each separate model.
  Speed network(double seconds) {
    if (!separate_) return toSpeed(models_.front().base().measureNetwork(requests_, seconds));
    return together(
        [this, seconds](std::size_t number) { return toSpeed(models_[number].base().measureNetwork(1, seconds)); });
  }

 private:
  static Speed toSpeed(trtyolo::NetworkSpeed speed) { return {speed.seconds, std::move(speed.latencies)}; }

  /// One piece of work for each thread, all begun at the same time; over when the last is.
  template <typename Work>
  Speed together(const Work& work) {
    std::vector<Speed> parts(team_->size());
    team_->run([&](int number) {
      const auto index = static_cast<std::size_t>(number);
      parts[index] = work(index);
    });
    Speed all;
    for (const Speed& part : parts) {
      const double longest = std::max(all.seconds, part.seconds);
      all.add(part);
      all.seconds = longest;
    }
    return all;
  }

  bool separate_;
  int requests_;
  std::size_t objects_ = 0;
  std::vector<AnyModel> models_;
  std::unique_ptr<AnyPool> pool_;  // of the only model
  std::vector<trtyolo::Image> images_;
  std::unique_ptr<Team> team_;
};

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

/// Of this process, and what it has on the GPU.
struct Memory {
  ProcessMemory process;
  std::optional<trtyolo::MemoryUse> gpu;

  static Memory now(const Bench& bench) { return {processMemory(), bench.gpuMemory()}; }
};

Json row(const BenchJob& job, const Bench& bench, const ProcessMemory& program, const Memory& memory) {
  Json row{{"kind", job.kind}, {"n", job.n}, {"batch", bench.batch()}, {"memory", "host"}, {"streams", job.streams}};
  if (bench.pool() != nullptr) row["streams"] = row["contexts"] = bench.pool()->base().contexts();
  row["rss_mb"] = rounded(memory.process.resident, 1);
  row["pss_mb"] = rounded(memory.process.proportional, 1);
  row["gpu_mb"] = 0;
  row["program_mb"] = rounded(program.resident, 1);
  if (memory.gpu) {
    const auto megabytes = [](std::size_t bytes) { return rounded(static_cast<double>(bytes) / 1e6, 1); };
    row["gpu_mb"] = megabytes(memory.gpu->total());
    row["gpu_engine_mb"] = megabytes(memory.gpu->engine);
    row["gpu_contexts_mb"] = megabytes(memory.gpu->contexts);
    row["gpu_scratch_mb"] = megabytes(memory.gpu->scratch);
    row["gpu_buffers_mb"] = megabytes(memory.gpu->buffers);
    row["pinned_mb"] = megabytes(memory.gpu->pinned);
    row["executors"] = memory.gpu->executors;
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
Json measureNetworkAlone(const BenchJob& job, Bench& bench, const ProcessMemory& program,
                         const std::function<void(double)>& onProgress) {
  Speed all = bench.network(0.1);  // warms up, and tells how long a round takes
  const Slices slices = slicesFor(job.seconds, percentile(all.latencies, 50) / 1e3);
  all = {};
  Memory memory;
  for (int i = 0; i < slices.count; ++i) {
    Speed slice;
    std::exception_ptr failure;
    std::thread running([&] {
      try {
        slice = bench.network(slices.seconds);
      } catch (...) {
        failure = std::current_exception();
      }
    });
    std::this_thread::sleep_for(std::chrono::duration<double>(slices.seconds / 2));
    if (i == slices.count / 2) memory = Memory::now(bench);
    running.join();
    if (failure) std::rethrow_exception(failure);
    all.add(slice);
    onProgress((i + 1.0) / slices.count);
  }
  Json result = row(job, bench, program, memory);
  all.describe(result, bench.batch());
  return {{"row", std::move(result)}};
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
  Bench bench(job, picture);
  if (job.kind == "network") return measureNetworkAlone(job, bench, program, onProgress);

  // Each thread has done a few calls, and together they have filled every stream, before anything counts. Memory is
  // read before the bare network runs for the first time, because that makes requests of its own.
  constexpr int kWarmRounds = 4;
  double round = 0;
  for (int i = 0; i < kWarmRounds; ++i) round = bench.predict(0).seconds;
  const Memory memory = Memory::now(bench);
  bench.network(0.1);

  const Slices slices = slicesFor(job.seconds, round);
  Speed network, predict;
  std::vector<double> ratios;
  for (int i = 0; i < slices.count; ++i) {
    Speed networkSlice, predictSlice;
    // Turn about, so that a machine that gets faster or slower favours neither.
    if (i % 2 == 0) {
      networkSlice = bench.network(slices.seconds);
      predictSlice = bench.predict(slices.seconds);
    } else {
      predictSlice = bench.predict(slices.seconds);
      networkSlice = bench.network(slices.seconds);
    }
    ratios.push_back(predictSlice.imagesPerSecond(bench.imagesOfACall()) / networkSlice.imagesPerSecond(bench.batch()));
    network.add(networkSlice);
    predict.add(predictSlice);
    onProgress((i + 1.0) / slices.count);
  }

  Json result = row(job, bench, program, memory), beside;
  predict.describe(result, bench.imagesOfACall());
  network.describe(beside, bench.batch());
  result["ratio"] = rounded(percentile(ratios, 50), 4);
  result["network_images_per_s"] = beside["images_per_s"];
  const trtyolo::Timing timing = bench.timing();
  result["before_ms"] = rounded(timing.before, 3);
  result["after_ms"] = rounded(timing.after, 3);
  result["after_ratio"] = rounded(timing.after / timing.network, 4);
  if (bench.pool() != nullptr) describePool(result, bench.pool()->base().metrics());
  if (bench.task() != trtyolo::Task::Classify) result["objects"] = bench.objects();
  result["slices"] = ratios.size();
  return {{"row", std::move(result)}, {"network", std::move(beside)}};
}

}  // namespace app
