// The command bench: see bench_command.hpp.
#include "bench_command.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>
#include <vector>

#include "bench_options.hpp"
#include "child.hpp"
#include "commands/command.hpp"
#include "device.hpp"
#include "measure.hpp"
#include "measure_streams.hpp"
#include "report.hpp"
#include "subject.hpp"
#include "system.hpp"
#include "terminal/interrupt.hpp"
#include "terminal/printable.hpp"

namespace bench {
namespace {

using Json = nlohmann::ordered_json;

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
    const bool well = measureAll(plan(options_, memories(), decoders(), usesGpu_ ? settings_.gpus.size() : 1));

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
    if (options_.measures(kJpeg) || options_.measures(kPredict) || options_.measures(kStreams)) checkEncoded();
    const std::string idle = idleOptions(options_.results, trtyolo::taskOf(report_["task"].get<std::string>()));
    if (!idle.empty()) say(idle);
  }

  void checkEncoded() const {
    if (!kHasMedia) {
      throw app::UsageError(
          "--kinds jpeg, predict and streams: this program was built without the component media, which decodes");
    }
    if (options_.measures(kPredict)) {
      if (!frontend_.predictFiles)
        throw app::UsageError("--kinds predict: trtyolo bench measures it, not this program");
      if (options_.source.empty()) {
        throw app::UsageError("--kinds predict: --source says which JPEG file, or which folder of some");
      }
    }
    if (!options_.measures(kStreams)) return;
    if (options_.source.empty()) throw app::UsageError("--kinds streams: --source says which video");
    if (std::find(options_.decoders.begin(), options_.decoders.end(), kFast) != options_.decoders.end()) {
      throw app::UsageError("--decode fast: JPEG images only can be decoded so, no videos");
    }
    if (options_.streams.empty() && !options_.p99) {
      throw app::UsageError("--kinds streams: --streams says how many, or --p99 with which latency");
    }
  }

  /// Where encoded input is decoded, one after the other.
  std::vector<std::string> decoders() const {
    const std::vector<std::string>& said = options_.decoders;
    if (said.empty()) return {usesGpu_ ? kGpu : kCpu};
    if (!usesGpu_ && std::find(said.begin(), said.end(), kGpu) != said.end()) {
      throw app::UsageError("--decode gpu: the model runs on the CPU, which cannot read a GPU's memory");
    }
    return said;
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
      if (job.encoded()) said["decode"] = job.decode;
      try {
        const Json found = measureRow(row, progress);
        const bool beside = i > 0 && planned[i - 1].beside && !rows.back().contains("error");
        if (beside) rows.back().update(found["network"]);
        said.update(found["row"]);
        compareGpus(said, rows);
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

  /// Says how many times as fast as on one GPU it is, if there is a row that tells.
  static void compareGpus(Json& row, const Json& rows) {
    if (row.value("gpus", 1) == 1) return;
    const auto same = [&](const Json& other) {
      return other.value("gpus", 0) == 1 && other["kind"] == row["kind"] && other["n"] == row["n"] &&
             other["memory"] == row["memory"] && other.value("decode", "") == row.value("decode", "");
    };
    const auto one = std::find_if(rows.begin(), rows.end(), same);
    for (const char* key : {"images_per_s", "frames_per_s"}) {
      if (one == rows.end() || !row.contains(key) || !one->contains(key)) continue;
      row["gpu_ratio"] = std::round(row[key].get<double>() / (*one)[key].get<double>() * 1000) / 1000;
    }
  }

  Json measureRow(const PlannedRow& row, const std::function<void(double)>& progress) const {
    const Job& job = row.job;
    using Clock = std::chrono::steady_clock;
    const bool processes = job.kind == kProcesses;
    const auto gpus = static_cast<std::size_t>(job.gpus);
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
             std::to_string(i % gpus) + " " + job.decode + " " + std::to_string(processes ? 1 : job.gpus);
    });
    if (job.kind != kNetwork) workers.ask("predict 0");
    const double ready = std::chrono::duration<double>(Clock::now() - start).count();
    double taken = 0;
    const Ask ask = [&](const std::string& command) {
      if (command == "memory") taken = usedMegabytes() - started;
      return workers.ask(command);
    };
    const bool sharesCores = !usesGpu_;
    Json found;
    if (row.mostStreams) {
      found = mostStreams(ask, job, *options_.p99, options_.seconds, progress, sharesCores);
    } else if (job.kind == kStreams) {
      found = measureStreams(ask, job, options_.seconds, progress, sharesCores);
    } else {
      found = measure(ask, job, row.seconds, progress, sharesCores ? 1 : 0);
    }
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
  return [options, &command, frontend = std::move(frontend)] {
    const bool streams = !options->streams.empty() || options->p99;
    if (streams && command.count("--kinds") == 0) options->kinds = {kStreams};
    if (!isChild()) {
      const app::GracefulEnd graceful;
      return Bench(*options, frontend).run();
    }
    beChild();
    Settings settings = settingsOf(*options);
    settings.predictFiles = frontend.predictFiles;
    serve(settings, [&](const std::string& kind) { return imageOf(*options, frontend.readImage, kind); });
    return app::kDone;
  };
}

}  // namespace bench
