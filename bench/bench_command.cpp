// The command bench: see bench_command.hpp.
#include "bench_command.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>
#include <utility>
#include <vector>

#include "child.hpp"
#include "commands/command.hpp"
#include "commands/model_options.hpp"
#include "commands/result_options.hpp"
#include "device.hpp"
#include "measure.hpp"
#include "report.hpp"
#include "subject.hpp"
#include "system.hpp"
#include "terminal/interrupt.hpp"
#include "terminal/printable.hpp"

namespace bench {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  Settings settings;
  app::ModelOptions loading;
  app::ResultOptions results;
  std::vector<int> gpus;
  std::vector<int> clones{1, 2, 4, 8};
  std::vector<std::string> kinds{kNetwork, kModel, kClones, kSeparate, kPool, kProcesses};
  std::vector<std::string> memories;  // where the image is; empty: host, and on a GPU gpu, too
  std::string source;
  std::string size = "1080x1920";
  double seconds = 5, queueDelay = 2;
  std::string json;
  bool all = false, quiet = false;

  bool measures(const char* kind) const { return std::find(kinds.begin(), kinds.end(), kind) != kinds.end(); }
};

void addOptions(CLI::App& command, Options& options, const std::string& sources) {
  command.add_option("MODEL", options.settings.model, "model file")->required();
  command.add_option("--clones", options.clones, "how many clones, separate models, callers of a pool, and processes")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("N,...")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  command.add_option("--kinds", options.kinds, "rows to measure")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::IsMember({kNetwork, kModel, kClones, kSeparate, kPool, kProcesses}))
      ->capture_default_str();
  command
      .add_option("--images", options.memories,
                  "where the image is: host, pinned (page-locked memory of the host), gpu, or several one after the "
                  "other (default: host; of a model that runs on a GPU: host,gpu)")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::IsMember({kHost, kPinned, kGpu}));
  command.add_option("--source", options.source, sources + " to predict (default: an image is drawn)");
  command.add_option("--size", options.size, "of the image that is drawn, height x width")
      ->type_name("N|HxW")
      ->check([](const std::string& text) {
        return app::networkSize(text) ? "" : "1080x1920 (height x width) was expected, found " + text;
      })
      ->capture_default_str();
  command.add_option("--seconds", options.seconds, "time for each row, and as much for the bare network beside it")
      ->type_name("S")
      ->check(CLI::Range(0.01, 86400.0))
      ->capture_default_str();
  command.add_option("--at-once", options.settings.atOnce, "most calls at the same time (default: one for each clone)")
      ->type_name("N")
      ->check(CLI::Range(1, 1024).description(""));
  command.add_option("--devices", options.gpus, "GPUs among which clones, models, callers and processes are spread")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("N,...")
      ->check(CLI::Range(0, 1023).description(""));
  command.add_option("--json", options.json, "write the results as JSON to this file; - is standard output")
      ->type_name("FILE|-");
  command.add_flag("--all", options.all, "show everything that was measured, in further tables");
  command.add_flag("-q,--quiet", options.quiet, "say nothing but errors");

  command.option_defaults()->group("Pools");
  command
      .add_option("--low-latency", options.settings.lowLatencyModel,
                  "model that runs images that come alone: the same network for one image (on a CPU, the same file)")
      ->type_name("FILE");
  command.add_option("--contexts", options.settings.contexts, "runs at the same time; 0: the pool chooses")
      ->type_name("N")
      ->check(CLI::Range(0, 1024).description(""));
  command.add_option("--queue-delay", options.queueDelay, "longest wait for others to share a run with, milliseconds")
      ->type_name("MS")
      ->check(CLI::Range(0.0, 1000.0).description(""))
      ->capture_default_str();
  addResultOptions(command, options.results);
  addModelOptions(command, options.loading);
}

/// The classes that are to be kept.
std::vector<int> classesOf(const Options& options, const trtyolo::InferOption& option) {
  if (options.results.classes.empty()) return {};
  return app::classesOf(options.results, trtyolo::inspect(options.settings.model, option).names);
}

/// @throws app::UsageError  options contradict each other
Settings settingsOf(const Options& options) {
  Settings settings = options.settings;
  settings.option = inferOption(options.loading);
  apply(options.results, settings.option);
  settings.option.setClasses(classesOf(options, settings.option));
  // The bare network runs at the whole network size, so predict() does.
  settings.option.setRect(false);
  settings.streams = options.loading.streams;
  settings.gpus = {app::wholeNumber(options.loading.device).value_or(0)};
  settings.maxQueueDelay = std::chrono::microseconds(std::lround(options.queueDelay * 1000));
  if (!options.gpus.empty()) {
    if (!options.loading.device.empty()) throw app::UsageError("--devices and --device cannot both be given");
    settings.gpus = options.gpus;
    settings.option.setBackend(trtyolo::Backend::TensorRT).setDeviceId(options.gpus.front());
  }
  return settings;
}

struct PlannedRow {
  Job job;
  double seconds = 0;
  bool beside = false;  ///< of a bare network: its memory only, for the next row measures its speed in turns
};

/// The rows in the order of the table.
std::vector<PlannedRow> plan(const Options& options, const std::vector<std::string>& memories) {
  std::vector<PlannedRow> rows;
  const std::set<int> counts(options.clones.begin(), options.clones.end());
  for (const std::string& memory : memories) {
    const auto add = [&](const char* kind, int n) {
      // The bare network reads no image: once is enough.
      const bool first = memory == memories.front() && (kind == kModel || kind == kClones);
      if (options.measures(kNetwork) && first) {
        const bool beside = options.measures(kind);
        rows.push_back({{kNetwork, n}, beside ? std::min(1.0, options.seconds) : options.seconds, beside});
      }
      if (options.measures(kind)) rows.push_back({{kind, n, memory}, options.seconds});
    };
    add(kModel, 1);
    for (const char* kind : {kClones, kSeparate, kProcesses}) {
      for (const int n : counts) {
        if (n > 1) add(kind, n);
      }
    }
    for (const int n : counts) add(kPool, n);
  }
  return rows;
}

/// One bench.
class Bench {
 public:
  Bench(const Options& options, const Frontend& frontend)
      : options_(options), settings_(settingsOf(options)), frontend_(frontend) {}

  int run() {
    const bool jsonOnly = options_.json == "-";
    std::ofstream file;
    if (!options_.json.empty() && !jsonOnly) {
      file.open(options_.json);
      if (!file) throw std::runtime_error("cannot write \"" + options_.json + "\"");
    }
    report_ = {{"model", settings_.model}};
    try {
      report_.update(Workers(1, frontend_.interrupted).ask("describe"));
    } catch (const Interrupted&) {
      return app::interruptStatus();
    }
    usesGpu_ = report_["backend"] == "tensorrt";
    if (usesGpu_) report_["optimization_level"] = "unknown";
    checkOptions();
    report_["machine"] = machine();
    if (usesGpu_) report_["machine"]["gpu"] = report_["device"];
    report_["rows"] = Json::array();
    const bool well = measureAll(plan(options_, memories()));

    // The table first: figures that took minutes are not lost to a full disk.
    if (!jsonOnly) std::cout << app::printable(table(report_, options_.all)) << std::flush;
    if (!options_.json.empty()) {
      (jsonOnly ? std::cout : file) << report_.dump(2, ' ', false, Json::error_handler_t::replace) << std::endl;
      if (!jsonOnly && !file) throw std::runtime_error("cannot write \"" + options_.json + "\"");
    }
    if (!std::cout) throw std::runtime_error("cannot write to standard output");
    if (frontend_.interrupted()) return app::interruptStatus();
    return well ? app::kDone : app::kFailed;
  }

 private:
  void say(const std::string& text) const {
    if (!options_.quiet) frontend_.message(text);
  }

  void checkOptions() const {
    const int classes = report_["classes"].get<int>();
    for (const int index : classesOf(options_, settings_.option)) {
      if (index < classes) continue;
      throw app::UsageError("--classes: the model has classes 0 to " + std::to_string(classes - 1) + ", found " +
                            std::to_string(index));
    }
    const std::string idle = idleOptions(options_.results, trtyolo::taskOf(report_["task"].get<std::string>()));
    if (!idle.empty()) say(idle);
  }

  /// Where the image is to be, one after the other.
  std::vector<std::string> memories() const {
    const std::vector<std::string>& said = options_.memories;
    if (said.empty() && usesGpu_) return {kHost, kGpu};
    if (said.empty()) return {kHost};
    if (!usesGpu_ && std::find(said.begin(), said.end(), kGpu) != said.end()) {
      throw app::UsageError("--images gpu: the model runs on the CPU, which cannot read a GPU's memory");
    }
    return said;
  }

  /// Adds to the report's rows, until interrupted. False if a row failed.
  bool measureAll(const std::vector<PlannedRow>& planned) {
    double total = 0, done = 0;
    for (const PlannedRow& row : planned) total += row.seconds;
    say("measuring " + std::to_string(planned.size()) + (planned.size() == 1 ? " row" : " rows") +
        ", each in a process of its own");
    Json& rows = report_["rows"];
    bool well = true;
    for (std::size_t i = 0; i < planned.size(); ++i) {
      const PlannedRow& row = planned[i];
      const Job& job = row.job;
      const auto progress = [&](double share) {
        const double all = (done + share * row.seconds) / total;
        if (!options_.quiet) frontend_.progress(all, job.kind + " " + std::to_string(job.n));
      };
      Json said{{"kind", job.kind}, {"n", job.n}, {"memory", job.memory == kGpu ? "device" : job.memory}};
      try {
        const Json found = measureRow(job, row.seconds, progress);
        const bool beside = i > 0 && planned[i - 1].beside && !rows.back().contains("error");
        if (beside) rows.back().update(found["network"]);
        said.update(found["row"]);
      } catch (const Interrupted&) {
        break;
      } catch (const std::exception& error) {
        said["error"] = error.what();
        well = false;
      }
      if (said.contains("optimization_level")) {
        report_["optimization_level"] = said["optimization_level"];
        said.erase("optimization_level");
      }
      done += row.seconds;
      rows.push_back(std::move(said));
      frontend_.progress(-1, "");
      if (!row.beside) say(line(rows.back()));
    }
    return well;
  }

  Json measureRow(const Job& job, double seconds, const std::function<void(double)>& progress) const {
    using Clock = std::chrono::steady_clock;
    const bool processes = job.kind == kProcesses;
    const std::size_t gpus = settings_.gpus.size();
    const double before = usedMegabytes();
    const auto start = Clock::now();
    const Workers workers(processes ? job.n : 1, frontend_.interrupted);
    if (usesGpu_) {
      workers.ask([&](std::size_t i) {
        std::string command = "start";
        for (std::size_t gpu = 0; gpu < std::min(gpus, static_cast<std::size_t>(job.n)); ++gpu) {
          if (!processes || gpu == i % gpus) command += " " + std::to_string(settings_.gpus[gpu]);
        }
        return command;
      });
    }
    const double started = usedMegabytes();
    workers.ask([&](std::size_t i) {
      return "load " + (processes ? "model 1" : job.kind + " " + std::to_string(job.n)) + " " + job.memory + " " +
             std::to_string(i % gpus);
    });
    if (job.kind != kNetwork) workers.ask("predict 0");
    const double ready = std::chrono::duration<double>(Clock::now() - start).count();
    double taken = 0;
    const Ask ask = [&](const std::string& command) {
      if (command == "memory") taken = usedMegabytes() - started;
      return workers.ask(command);
    };
    Json found = measure(ask, job.kind, seconds, progress);
    if (job.kind == kNetwork) return found;
    found["row"]["ready_s"] = std::round(ready * 1000) / 1000;
    if (before > 0) {
      found["row"]["gpu_driver_mb"] = std::round(taken);
      found["row"]["gpu_cuda_mb"] = std::round(started - before);
    }
    return found;
  }

  /// Of the GPUs, by all programs, as their driver says; 0 if it cannot be asked.
  double usedMegabytes() const {
    double all = 0;
    for (const int gpu : settings_.gpus) all += usesGpu_ ? usedGpuMegabytes(gpu).value_or(0) : 0;
    return all;
  }

  const Options& options_;
  Settings settings_;
  const Frontend& frontend_;
  bool usesGpu_ = false;
  Json report_;
};

}  // namespace

std::function<int()> addBench(CLI::App& command, Frontend frontend) {
  const auto options = std::make_shared<Options>();
  addOptions(command, *options, frontend.sources);
  return [options, frontend = std::move(frontend)] {
    if (!isChild()) {
      const app::GracefulEnd graceful;
      return Bench(*options, frontend).run();
    }
    beChild();
    const auto size = app::networkSize(options->size);
    serve(settingsOf(*options), [&] {
      return options->source.empty() ? drawnImage(size->width, size->height) : frontend.readImage(options->source);
    });
    return app::kDone;
  };
}

}  // namespace bench
