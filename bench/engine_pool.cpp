// A pool on one GPU: many callers with one image each, beside the bare network at the pool's largest batch, and a
// caller alone beside predict() of a plain model. Needs neither OpenCV nor a display.
//
// Every ratio is the median of slices that took turns, so that both meet the same machine.
#include <algorithm>
#include <chrono>
#include <iomanip>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "arguments.hpp"
#include "callers.hpp"
#include "engine_models.hpp"
#include "trtyolo.hpp"
#include "trtyolo/pool.hpp"

namespace {

using Json = nlohmann::ordered_json;
using trtyolo::DetectModel;

constexpr const char* kUsage =
    "Usage: engine_pool ENGINE [--alone ENGINE] [--batch N] [--contexts N] [--wait MS] [--callers N,...] [--seconds "
    "S]\n"
    "                   [--json]\n"
    "\n"
    "A detector's pool with many callers beside the bare network, for pictures on the GPU and in host memory.\n"
    "\n"
    "  --alone ENGINE  runs images that are alone: the same network, built for one image\n"
    "  --batch N       most images in a run; engines of a fixed batch have their own (16)\n"
    "  --contexts N    runs of the pool at the same time (0: what it chooses)\n"
    "  --wait MS       longest wait for others to share a run with (2)\n"
    "  --callers N,... threads that call predict() (1,8,64)\n"
    "  --seconds S     for each line of the table, and as much for the bare network beside it (3)\n"
    "  --json          JSON instead of a table\n"
    "  --help          this text\n";

constexpr double kSlice = 0.25;

struct Options {
  std::string engine, alone;
  int batch = 16, contexts = 0;
  double wait = 2, seconds = 3;
  std::vector<int> callers;
  bool json = false;

  trtyolo::InferOption inferOption(bool onGpu, int most) const {
    trtyolo::InferOption option;
    option.setBatch(most);
    if (onGpu) option.enableCudaMem();
    return option;
  }
};

/// A line of the table. Latencies in milliseconds.
struct Row {
  bool onGpu = false;
  int callers = 0;
  double network = 0, pool = 0, ratio = 0;  // images a second
  double batchP50 = 0;                      // of a full run of the bare network, at its best
  double p50 = 0, p99 = 0, meanBatch = 0, waitP99 = 0;
  double modelP50 = 0, alone = 0;  // of one caller only: predict() of a plain model, and the ratio to it
};

Row measure(const Options& options, bool onGpu, const trtyolo::Image& image, int callers) {
  const DetectModel model(options.engine, options.inferOption(onGpu, options.batch));
  std::optional<DetectModel> forOne;
  if (!options.alone.empty()) forOne.emplace(options.alone, options.inferOption(onGpu, 1));
  trtyolo::PoolOption settings;
  settings.contexts = options.contexts;
  settings.longestWait = std::chrono::microseconds(static_cast<long>(options.wait * 1000));
  using Pool = trtyolo::Pool<DetectModel>;
  const auto pool = forOne ? std::make_unique<Pool>(model, *forOne, settings) : std::make_unique<Pool>(model, settings);
  DetectModel plain(forOne ? options.alone : options.engine, options.inferOption(onGpu, 1));
  const auto callPool = [&](double seconds) {
    return bench::callFor(seconds, static_cast<std::size_t>(callers), [&](std::size_t) { pool->predict(image); });
  };

  // Graphs of all numbers of images are captured before anything counts.
  for (int n = 1; n <= model.batch(); ++n) {
    for (int turn = 0; turn < 2 * pool->contexts(); ++turn) {
      pool->predict(std::vector<trtyolo::Image>(static_cast<std::size_t>(n), image));
    }
  }
  for (int i = 0; i < 4; ++i) callPool(0.1);
  for (int i = 0; i < 20; ++i) plain.predict(image);

  Row row;
  row.onGpu = onGpu;
  row.callers = callers;
  std::vector<double> ratios, networks, pools, latencies, alone, models;
  const trtyolo::PoolMetrics before = pool->metrics();
  const int slices = std::max(3, static_cast<int>(options.seconds / kSlice));
  for (int i = 0; i < slices; ++i) {
    const auto network = [&] {
      double best = 0;
      for (const int requests : {1, 2, 3}) {
        const trtyolo::NetworkSpeed speed = model.measureNetwork(requests, kSlice / 3);
        const double rate = static_cast<double>(speed.latencies.size()) * model.batch() / speed.seconds;
        if (rate <= best) continue;
        best = rate;
        row.batchP50 = bench::percentileOf(speed.latencies, 0.5);
      }
      networks.push_back(best);
    };
    const auto call = [&] {
      const bench::Slice slice = callPool(kSlice);
      latencies.insert(latencies.end(), slice.latencies.begin(), slice.latencies.end());
      pools.push_back(slice.callsPerSecond);
      if (callers > 1) return;
      const bench::Slice single = bench::callFor(kSlice, 1, [&](std::size_t) { plain.predict(image); });
      models.push_back(bench::percentileOf(single.latencies, 0.5));
      alone.push_back(bench::percentileOf(slice.latencies, 0.5) / models.back());
    };
    if (i % 2 == 0) network();
    call();
    if (i % 2 != 0) network();
    ratios.push_back(pools.back() / networks.back());
  }
  row.network = bench::percentileOf(networks, 0.5);
  row.pool = bench::percentileOf(pools, 0.5);
  row.ratio = bench::percentileOf(ratios, 0.5);
  row.p50 = bench::percentileOf(latencies, 0.5);
  row.p99 = bench::percentileOf(latencies, 0.99);
  if (callers == 1) {
    row.modelP50 = bench::percentileOf(models, 0.5);
    row.alone = bench::percentileOf(alone, 0.5);
  }
  trtyolo::PoolMetrics after = pool->metrics();
  for (std::size_t i = 0; i < after.batchSizes.size(); ++i) after.batchSizes[i] -= before.batchSizes[i];
  row.meanBatch = after.meanBatch();
  row.waitP99 = after.wait.p99;
  return row;
}

constexpr const char* kTitles =
    "\nimage  callers  network/s  pool/s  ratio  full run p50    p50     p99  wait p99  images a run  model p50  "
    "ratio to it\n";

void print(const Row& row) {
  std::cout << std::fixed << std::left << std::setw(5) << (row.onGpu ? "gpu" : "host") << std::right << std::setw(9)
            << row.callers << std::setprecision(0) << std::setw(11) << row.network << std::setw(8) << row.pool
            << std::setprecision(3) << std::setw(7) << row.ratio << std::setw(14) << row.batchP50 << std::setw(7)
            << row.p50 << std::setw(8) << row.p99 << std::setw(10) << row.waitP99 << std::setprecision(1)
            << std::setw(14) << row.meanBatch << std::setprecision(3);
  if (row.callers == 1) std::cout << std::setw(11) << row.modelP50 << std::setw(13) << row.alone;
  std::cout << std::endl;
}

Json asJson(const Row& row) {
  Json json{{"image", row.onGpu ? "gpu" : "host"},
            {"callers", row.callers},
            {"network_per_s", row.network},
            {"pool_per_s", row.pool},
            {"ratio", row.ratio},
            {"full_run_p50_ms", row.batchP50},
            {"p50_ms", row.p50},
            {"p99_ms", row.p99},
            {"wait_p99_ms", row.waitP99},
            {"images_a_run", row.meanBatch}};
  if (row.callers == 1) {
    json["model_p50_ms"] = row.modelP50;
    json["ratio_to_model"] = row.alone;
  }
  return json;
}

void run(const Options& options) {
  const trtyolo::ModelInfo info = trtyolo::inspect(options.engine, options.inferOption(true, options.batch));
  bench::reportRows(
      info, options.callers, options.json, kTitles,
      [&](bool onGpu, const trtyolo::Image& image, int callers) { return measure(options, onGpu, image, callers); });
}

}  // namespace

int main(int argc, char** argv) {
  return bench::runProgram("engine_pool", kUsage, argc, argv, [](bench::Arguments& arguments) {
    Options options;
    options.alone = arguments.text("--alone");
    options.batch = arguments.number("--batch", 1, options.batch);
    options.contexts = arguments.number("--contexts", 0, options.contexts);
    options.wait = arguments.number("--wait", 0.0, options.wait);
    options.seconds = arguments.number("--seconds", 0.0, options.seconds);
    options.callers = arguments.numbers("--callers", 1, {1, 8, 64});
    options.json = arguments.flag("--json");
    options.engine = arguments.rest("ENGINE");
    run(options);
  });
}
