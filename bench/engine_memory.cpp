// Memory of a TensorRT engine on one GPU: one to four models, clones of one or each loaded for itself, all at work;
// many clones of which few are at work; and clones that do nothing. Needs neither OpenCV nor a display.
//
// What cudaMemGetInfo() says is set beside what the library counts. No other program may use the GPU meanwhile.
#include <atomic>
#include <barrier>
#include <chrono>
#include <iomanip>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <semaphore>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "arguments.hpp"
#include "engine_models.hpp"
#include "trtyolo.hpp"

namespace {

using Clock = std::chrono::steady_clock;
using Json = nlohmann::ordered_json;

constexpr const char* kUsage =
    "Usage: engine_memory ENGINE [--batch N] [--gpu] [--json]\n"
    "\n"
    "Memory on the GPU, in MB of 1,000,000 bytes, of models and clones at work and of idle ones. Use the GPU for "
    "nothing\n"
    "else meanwhile.\n"
    "\n"
    "  --batch N  images in a call, all of which go into one run; engines of a fixed batch have their own (1)\n"
    "  --gpu      the picture is on the GPU already, not in host memory\n"
    "  --json     JSON instead of a table\n"
    "  --help     this text\n";

constexpr int kMostModels = 4;
constexpr int kManyClones = 64, kAtOnce = 4;
constexpr int kCalls = 20;  // of each model; the first few take memory and capture
constexpr double kMostSeconds = 5;

struct Options {
  std::string engine;
  int batch = 1;
  bool onGpu = false, json = false;
};

/// A line of the table, in megabytes.
struct Row {
  std::string kind;
  int models = 0;
  int atOnce = 0;       // calls that ran at the same time
  double measured = 0;  // by cudaMemGetInfo()
  trtyolo::MemoryUse counted;
};

/// One of the calls that may run at the same time.
class Turn {
 public:
  explicit Turn(std::counting_semaphore<>& turns) : turns_(turns) { turns_.acquire(); }
  ~Turn() { turns_.release(); }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  std::counting_semaphore<>& turns_;
};

class Bench {
 public:
  explicit Bench(const Options& options) : engine_(options.engine) {
    option_.setBatch(options.batch);
    if (options.onGpu) option_.enableCudaMem();
    // What CUDA and TensorRT take for the first model and keep for the process.
    const double before = bench::freeMegabytes();
    info_ = trtyolo::inspect(engine_, option_);
    images_.assign(static_cast<std::size_t>(info_.batch), picture_.image(options.onGpu));
    work(load(1, false), 1, false);
    kept_ = before - bench::freeMegabytes();
  }

  const trtyolo::ModelInfo& info() const { return info_; }
  /// What was not given back by the first model.
  double kept() const { return kept_; }

  /// Models at work, never more than `atOnce`.
  Row measure(const std::string& kind, int models, int atOnce, bool separate) const {
    const double before = bench::freeMegabytes();
    const bench::Models loaded = load(models, separate);
    work(loaded, atOnce, separate);
    Row row{kind, models, atOnce, before - bench::freeMegabytes(), {}};
    for (std::size_t i = 0; i < (separate ? loaded.size() : 1); ++i) {
      row.counted += loaded[i]->base().memory();
    }
    return row;
  }

  /// Megabytes for each clone of a model that has run, while they do nothing.
  double idleClone() const {
    const bench::Models model = load(1, false);
    work(model, 1, false);
    const double before = bench::freeMegabytes();
    bench::Models clones;
    while (clones.size() < kManyClones) clones.push_back(model.front()->clone());
    return (before - bench::freeMegabytes()) / kManyClones;
  }

 private:
  bench::Models load(int count, bool separate) const {
    bench::Models models;
    while (static_cast<int>(models.size()) < count) {
      models.push_back(separate || models.empty() ? bench::load(engine_, option_, info_.task)
                                                  : models.front()->clone());
    }
    return models;
  }

  /// Every model in a thread of its own, until each has made its calls and `atOnce` of them have run at the same time.
  void work(const bench::Models& models, int atOnce, bool separate) const {
    std::counting_semaphore<> turns(atOnce);
    std::barrier together(static_cast<std::ptrdiff_t>(models.size()));
    std::atomic<bool> failed = false;
    std::vector<std::thread> threads;
    for (const auto& model : models) {
      threads.emplace_back([&, own = model.get()] {
        together.arrive_and_wait();
        try {
          const auto end = Clock::now() + std::chrono::duration<double>(kMostSeconds);
          // Separate models have an executor each; clones share theirs.
          const auto all = [&] { return separate || own->base().memory().executors >= atOnce; };
          for (int i = 0; i < kCalls || (!all() && Clock::now() < end); ++i) {
            const Turn turn(turns);
            own->predict(images_);
          }
        } catch (const std::exception& error) {
          std::cerr << error.what() << '\n';
          failed = true;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    if (failed) throw std::runtime_error("a model failed");
  }

  bench::Picture picture_;
  std::string engine_;
  trtyolo::InferOption option_;
  trtyolo::ModelInfo info_;
  std::vector<trtyolo::Image> images_;
  double kept_ = 0;
};

double megabytes(std::size_t bytes) {
  return static_cast<double>(bytes) / 1e6;
}

void printTitles() {
  std::cout
      << "\nkind      models  at once  executors   MB, CUDA   MB, counted     engine   contexts    scratch    buffers  "
         " pinned (host)\n";
}

void print(const Row& row) {
  const trtyolo::MemoryUse& use = row.counted;
  std::cout << std::fixed << std::setprecision(1) << std::left << std::setw(10) << row.kind << std::right
            << std::setw(6) << row.models << std::setw(9) << row.atOnce << std::setw(11) << use.executors
            << std::setw(11) << row.measured << std::setw(14) << megabytes(use.total()) << std::setw(11)
            << megabytes(use.engine) << std::setw(11) << megabytes(use.contexts) << std::setw(11)
            << megabytes(use.scratch) << std::setw(11) << megabytes(use.buffers) << std::setw(16)
            << megabytes(use.pinned) << std::endl;
}

Json asJson(const Row& row) {
  const trtyolo::MemoryUse& use = row.counted;
  return {{"kind", row.kind},
          {"models", row.models},
          {"at_once", row.atOnce},
          {"executors", use.executors},
          {"gpu_mb", row.measured},
          {"counted_mb", megabytes(use.total())},
          {"engine_mb", megabytes(use.engine)},
          {"contexts_mb", megabytes(use.contexts)},
          {"scratch_mb", megabytes(use.scratch)},
          {"buffers_mb", megabytes(use.buffers)},
          {"pinned_mb", megabytes(use.pinned)}};
}

void run(const Options& options) {
  const Bench bench(options);
  Json rows = Json::array();
  const auto show = [&](const Row& row) {
    if (!options.json) print(row);
    rows.push_back(asJson(row));
    return row.measured;
  };
  if (!options.json) {
    std::cout << bench::heading(bench.info()) << "What the process keeps when its first model has gone: " << std::fixed
              << std::setprecision(1) << bench.kept() << " MB\n";
    printTitles();
  }
  std::vector<double> clones;
  for (int n = 1; n <= kMostModels; ++n) clones.push_back(show(bench.measure("clones", n, n, false)));
  for (int n = 1; n <= kMostModels; ++n) show(bench.measure("separate", n, n, true));
  const double many = show(bench.measure("clones", kManyClones, kAtOnce, false));
  const double ratio = many / clones.back();
  const double running = (clones.back() - clones.front()) / (kMostModels - 1), idle = bench.idleClone();
  if (options.json) {
    const Json report{{"engine", bench.info().file},   {"device", bench.info().device}, {"batch", bench.info().batch},
                      {"kept_mb", bench.kept()},       {"rows", std::move(rows)},       {"ratio_of_many_clones", ratio},
                      {"mb_a_running_clone", running}, {"mb_an_idle_clone", idle}};
    std::cout << report.dump(2) << std::endl;
    return;
  }
  std::cout << std::setprecision(3) << "\n"
            << kManyClones << " clones, " << kAtOnce << " at work at once, against " << kMostModels
            << " clones at work: " << ratio << " times the memory\n"
            << "a clone that is at work: " << running << " MB\n"
            << "a clone that does nothing: " << idle << " MB\n";
}

}  // namespace

int main(int argc, char** argv) {
  return bench::runProgram("engine_memory", kUsage, argc, argv, [](bench::Arguments& arguments) {
    Options options;
    options.batch = arguments.number("--batch", 1, options.batch);
    options.onGpu = arguments.flag("--gpu");
    options.json = arguments.flag("--json");
    options.engine = arguments.rest("ENGINE");
    run(options);
  });
}
