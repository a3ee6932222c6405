// Speed of a TensorRT engine on one GPU: predict() of images in host memory and on the GPU, beside the bare network,
// with one model and with clones. Needs neither OpenCV nor a display.
//
// Every ratio is the median of slices that took turns between the bare network (as a captured graph, as many contexts
// as there are clones) and predict(), so that both meet the same machine.
#include <algorithm>
#include <iomanip>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "arguments.hpp"
#include "callers.hpp"
#include "engine_models.hpp"
#include "trtyolo.hpp"

namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kUsage =
    "Usage: engine_bench ENGINE [--batch N] [--seconds S] [--clones N,...] [--json]\n"
    "\n"
    "Speed of predict() beside the bare network, for a picture on the GPU and in host memory.\n"
    "\n"
    "  --batch N       images in a call, all of which go into one run; engines of a fixed batch have their own (1)\n"
    "  --seconds S     for each line of the table, and as much for the bare network beside it (2)\n"
    "  --clones N,...  models at work side by side, which share the engine (1,2,4,8)\n"
    "  --json          JSON instead of a table\n"
    "  --help          this text\n";

constexpr double kSlice = 0.25;

struct Options {
  std::string engine;
  int batch = 1;
  double seconds = 2;
  std::vector<int> clones;
  bool json = false;

  trtyolo::InferOption inferOption(bool onGpu) const {
    trtyolo::InferOption option;
    option.setBatch(batch).enablePerformanceReport();
    if (onGpu) option.enableCudaMem();
    return option;
  }
};

/// A line of the table. Latencies in milliseconds of a call.
struct Row {
  bool onGpu = false;
  int clones = 0;
  double network = 0, predict = 0, ratio = 0;  // images a second
  double networkP50 = 0, p50 = 0, p99 = 0, before = 0, after = 0;
  double megabytes = 0;  // of the GPU's memory, for each clone beyond the first
  int objects = 0;
};

Row measure(const Options& options, trtyolo::Task task, bool onGpu, const trtyolo::Image& image, int clones) {
  bench::Models models;
  models.push_back(bench::load(options.engine, options.inferOption(onGpu), task));
  const std::vector<trtyolo::Image> images(static_cast<std::size_t>(models.front()->base().batch()), image);
  Row row;
  row.onGpu = onGpu;
  row.clones = clones;
  row.objects = models.front()->predict(images);
  models.front()->predict(images);
  const double before = bench::freeMegabytes();
  while (static_cast<int>(models.size()) < clones) models.push_back(models.front()->clone());
  const auto predictAll = [&](double seconds) {
    return bench::callFor(seconds, models.size(), [&](std::size_t i) { models[i]->predict(images); });
  };
  for (int i = 0; i < 3; ++i) predictAll(0.02);  // warms up, captures
  row.megabytes = clones > 1 ? (before - bench::freeMegabytes()) / (clones - 1) : 0;
  std::vector<double> ratios, networks, predicts, networkLatencies, latencies;
  const int slices = std::max(3, static_cast<int>(options.seconds / kSlice));
  for (int i = 0; i < slices; ++i) {
    const auto network = [&] {
      const trtyolo::NetworkSpeed speed = models.front()->base().measureNetwork(clones, kSlice);
      networkLatencies.insert(networkLatencies.end(), speed.latencies.begin(), speed.latencies.end());
      networks.push_back(static_cast<double>(speed.latencies.size()) / speed.seconds);
    };
    const auto predict = [&] {
      const bench::Slice slice = predictAll(kSlice);
      latencies.insert(latencies.end(), slice.latencies.begin(), slice.latencies.end());
      predicts.push_back(slice.callsPerSecond);
    };
    if (i % 2 == 0) network();
    predict();
    if (i % 2 != 0) network();
    ratios.push_back(predicts.back() / networks.back());
  }
  const double batch = static_cast<double>(images.size());
  row.network = bench::medianOf(networks) * batch;
  row.predict = bench::medianOf(predicts) * batch;
  row.ratio = bench::medianOf(ratios);
  row.networkP50 = bench::medianOf(networkLatencies);
  row.p50 = bench::medianOf(latencies);
  row.p99 = bench::percentileOf(latencies, 0.99);
  const trtyolo::Timing timing = models.front()->base().timing();
  row.before = timing.before;
  row.after = timing.after;
  return row;
}

constexpr const char* kTitles =
    "\nimage  clones  network/s  predict/s  ratio  network p50  predict p50    p99  p50 ratio  before  after  "
    "MB a clone  objects\n";

void print(const Row& row) {
  std::cout << std::fixed << std::left << std::setw(5) << (row.onGpu ? "gpu" : "host") << std::right << std::setw(8)
            << row.clones << std::setprecision(0) << std::setw(11) << row.network << std::setw(11) << row.predict
            << std::setprecision(3) << std::setw(7) << row.ratio << std::setw(13) << row.networkP50 << std::setw(13)
            << row.p50 << std::setw(7) << row.p99 << std::setw(11) << row.p50 / row.networkP50 << std::setw(8)
            << row.before << std::setw(7) << row.after << std::setprecision(1) << std::setw(12) << row.megabytes
            << std::setw(9) << row.objects << std::endl;
}

Json asJson(const Row& row) {
  return {{"image", row.onGpu ? "gpu" : "host"},
          {"clones", row.clones},
          {"network_per_s", row.network},
          {"predict_per_s", row.predict},
          {"ratio", row.ratio},
          {"network_p50_ms", row.networkP50},
          {"p50_ms", row.p50},
          {"p99_ms", row.p99},
          {"before_ms", row.before},
          {"after_ms", row.after},
          {"mb_a_clone", row.megabytes},
          {"objects", row.objects}};
}

void run(const Options& options) {
  const trtyolo::ModelInfo info = trtyolo::inspect(options.engine, options.inferOption(true));
  bench::reportRows(info, options.clones, options.json, kTitles,
                    [&](bool onGpu, const trtyolo::Image& image, int clones) {
                      return measure(options, info.task, onGpu, image, clones);
                    });
}

}  // namespace

int main(int argc, char** argv) {
  return bench::runProgram("engine_bench", kUsage, argc, argv, [](bench::Arguments& arguments) {
    Options options;
    options.batch = arguments.number("--batch", 1, options.batch);
    options.seconds = arguments.number("--seconds", 0.0, options.seconds);
    options.clones = arguments.numbers("--clones", 1, {1, 2, 4, 8});
    options.json = arguments.flag("--json");
    options.engine = arguments.rest("ENGINE");
    run(options);
  });
}
