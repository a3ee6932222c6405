// The command bench: runs a worker process for each row of its table, and gathers what they say.
#include "bench.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "bench_child.hpp"
#include "bench_report.hpp"
#include "bench_worker.hpp"
#include "interrupt.hpp"
#include "model_options.hpp"
#include "progress.hpp"
#include "result_options.hpp"
#include "trtyolo.hpp"

namespace app {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kWorker = "bench-worker";
constexpr const char* kDescribe = "describe";
constexpr const char* kNetwork = "network";
constexpr const char* kModel = "model";
constexpr const char* kClones = "clones";
constexpr const char* kSeparate = "separate";
constexpr const char* kPool = "pool";
constexpr const char* kProcesses = "processes";
constexpr const char* kProcess = "process";  // one of them
constexpr const char* kHost = "host";
constexpr const char* kGpu = "gpu";

struct BenchOptions {
  std::string model;
  ModelOptions loading;
  ResultOptions results;
  std::vector<int> clones{1, 2, 4, 8};
  std::vector<std::string> kinds{kNetwork, kModel, kClones, kSeparate, kPool, kProcesses};
  std::vector<std::string> memories;  ///< where the picture is; empty: host, and on a GPU gpu, too
  std::string source;
  double seconds = 5;
  std::string json;
  bool quiet = false;

  bool measures(const char* kind) const { return std::find(kinds.begin(), kinds.end(), kind) != kinds.end(); }
};

/// What only a worker is told.
struct WorkerOptions {
  std::string kind;
  int n = 1;
  double seconds = 5;
  std::string memory = kHost;
};

void addOptions(CLI::App& command, BenchOptions& options) {
  command.add_option("MODEL", options.model, "model file")->required();
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
      .add_option(
          "--images", options.memories,
          "where the picture is: host, gpu, or both one after the other (default: host; of a model that runs on "
          "a GPU: host,gpu)")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::IsMember({kHost, kGpu}));
  command.add_option("--source", options.source, "picture to predict, or video for its first frame (default: drawn)");
  command.add_option("--seconds", options.seconds, "time for each row, and as much for the bare network beside it")
      ->type_name("S")
      ->check(CLI::Range(0.01, 86400.0))
      ->capture_default_str();
  addResultOptions(command, options.results);
  addModelOptions(command, options.loading);
  command.add_option("--json", options.json, "write the results as JSON to this file; - is standard output")
      ->type_name("FILE|-");
  command.add_flag("-q,--quiet", options.quiet, "say nothing but errors");
}

trtyolo::InferOption optionOf(const BenchOptions& options) {
  trtyolo::InferOption option = inferOption(options.loading);
  apply(options.results, option);
  // The bare network runs at the whole network size, so predict() does.
  option.setRect(false);
  return option;
}

/// The options of a worker that are its own.
constexpr const char* kOwnOptions[] = {"--kind", "--n", "--row-seconds", "--memory"};

/// The words that make `command` parse to what it has parsed now, but for a worker's own options.
std::vector<std::string> argumentsOf(const CLI::App& command) {
  std::vector<std::string> named, positional{"--"};
  for (const CLI::Option* option : command.get_options()) {
    if (std::find(std::begin(kOwnOptions), std::end(kOwnOptions), option->get_name()) != std::end(kOwnOptions))
      continue;
    for (const std::string& value : option->results()) {
      if (option->nonpositional()) {
        named.push_back(option->get_name() + "=" + value);
      } else {
        positional.push_back(value);
      }
    }
  }
  named.insert(named.end(), positional.begin(), positional.end());
  return named;
}

/// One model alone gets the option's own default, every core for one prediction, and so does each of several separate
/// models. A pool gets as many as suit the machine, its own default. Clones, and the requests of the bare network, get
/// a stream each as far as there are cores.
int streamsOf(const WorkerOptions& worker) {
  if (worker.kind == kPool) return 0;
  if (worker.kind != kClones && worker.kind != kNetwork) return 1;
  return std::min(worker.n, std::max(1, static_cast<int>(std::thread::hardware_concurrency())));
}

/// The command line of a worker; `shared` is what argumentsOf() says.
std::vector<std::string> wordsOf(const WorkerOptions& worker, const std::vector<std::string>& shared) {
  std::vector<std::string> words{kWorker, "--kind=" + worker.kind, "--n=" + std::to_string(worker.n),
                                 "--row-seconds=" + std::to_string(worker.seconds), "--memory=" + worker.memory};
  words.insert(words.end(), shared.begin(), shared.end());
  return words;
}

/// A line of a worker's standard output. File names and messages may hold bytes that are not UTF-8.
void say(const Json& line) {
  std::cout << line.dump(-1, ' ', false, Json::error_handler_t::replace) << std::endl;
}

int runWorker(const CLI::App& command, const BenchOptions& options, const WorkerOptions& worker) {
  dieWithParent();
  try {
    BenchJob job;
    job.kind = worker.kind;
    job.n = worker.n;
    job.model = options.model;
    job.task = taskOf(options.loading);
    job.source = options.source;
    job.seconds = worker.seconds;
    job.streams = options.loading.streams.value_or(streamsOf(worker));
    job.option = optionOf(options).setStreams(job.streams);
    job.onGpu = worker.memory == kGpu;
    job.gpu = wholeNumber(options.loading.device).value_or(0);
    job.process = wordsOf({kProcess, 1, worker.seconds, worker.memory}, argumentsOf(command));
    if (worker.kind == kDescribe) {
      const trtyolo::ModelInfo info = trtyolo::inspect(job.model, job.option);
      if (!options.quiet) warnOfIdleOptions(options.results, info.task);
      say({{"result", describeBench(info, job.source)}});
    } else if (worker.kind == kProcess) {
      serveBench(job, std::cin, say);
    } else {
      say({{"result", measureBench(job, [](double share) { say({{"progress", share}}); })}});
    }
    return kDone;
  } catch (const std::exception& error) {
    say({{"error", error.what()}});
    return kFailed;
  }
}

/// Runs the workers of one bench.
class Workers {
 public:
  explicit Workers(const CLI::App& command) : arguments_(argumentsOf(command)) {}

  /// Spares the workers from now on to read the file for its task, which would show in the memory that they measure.
  void tellTask(const std::string& task) { arguments_.insert(arguments_.begin(), "--task=" + task); }

  /// What a worker found, or {"error": why it did not}; null if it was interrupted.
  Json ask(const WorkerOptions& worker, const std::function<void(double)>& onProgress) const {
    Json answer;
    const ChildEnd end = runChild(
        wordsOf(worker, arguments_),
        [&](const std::string& line) {
          const Json said = Json::parse(line, nullptr, false);
          if (!said.is_object()) return;  // a library's own words
          if (said.contains("progress")) onProgress(said["progress"].get<double>());
          if (said.contains("result")) answer = said["result"];
          if (said.contains("error")) answer = said;
        },
        interrupted);
    if (end.interrupted) return nullptr;
    if (!answer.is_null()) return answer;
    return {{"error", "the process that measured it " + end.how()}};
  }

 private:
  std::vector<std::string> arguments_;
};

struct PlannedRow {
  WorkerOptions worker;
  bool beside =
      false;  ///< a bare network whose speed the next row measures, in turns with its own; it shows its memory
};

/// The rows in the order of the table.
std::vector<PlannedRow> plan(const BenchOptions& options, const std::vector<std::string>& memories) {
  std::vector<PlannedRow> rows;
  const std::set<int> counts(options.clones.begin(), options.clones.end());
  for (const std::string& memory : memories) {
    const auto add = [&](const char* kind, int n) {
      // The bare network reads no picture: once is enough.
      if (options.measures(kNetwork) && memory == memories.front() && (kind == kModel || kind == kClones)) {
        const bool beside = options.measures(kind);
        rows.push_back({{kNetwork, n, beside ? std::min(1.0, options.seconds) : options.seconds}, beside});
      }
      if (options.measures(kind)) rows.push_back({{kind, n, options.seconds, memory}});
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

/// Measures what was planned; stops when interrupted. Adds to `rows`; false if a worker failed.
bool measure(const Workers& workers, const BenchOptions& options, const std::vector<PlannedRow>& planned, Json& rows) {
  double total = 0, done = 0;
  for (const PlannedRow& row : planned) total += row.worker.seconds;
  if (!options.quiet)
    spdlog::info("measuring {} {}, each in a process of its own", planned.size(), planned.size() == 1 ? "row" : "rows");

  Progress progress(!options.quiet);
  bool well = true;
  for (std::size_t i = 0; i < planned.size() && !interrupted(); ++i) {
    const WorkerOptions& worker = planned[i].worker;
    const std::string words = worker.kind + " " + std::to_string(worker.n);
    Json answer =
        workers.ask(worker, [&](double share) { progress.update((done + share * worker.seconds) / total, words); });
    if (answer.is_null()) break;
    done += worker.seconds;
    if (answer.contains("error")) {
      well = false;
      rows.push_back({{"kind", worker.kind}, {"n", worker.n}, {"memory", worker.memory}, {"error", answer["error"]}});
    } else {
      if (i > 0 && planned[i - 1].beside && !rows.back().contains("error")) rows.back().update(answer["network"]);
      rows.push_back(std::move(answer["row"]));
    }
    if (!options.quiet && !planned[i].beside) {
      progress.clear();
      spdlog::info("{}", benchLine(rows.back()));
    }
  }
  return well;
}

void checkClasses(const std::vector<int>& wanted, int classes) {
  for (const int index : wanted) {
    if (index < classes) continue;
    throw UsageError("--classes: the model has classes 0 to " + std::to_string(classes - 1) + ", found " +
                     std::to_string(index));
  }
}

/// Where the picture is to be, one after the other.
std::vector<std::string> memoriesOf(const BenchOptions& options, bool runsOnGpu) {
  if (options.memories.empty())
    return runsOnGpu ? std::vector<std::string>{kHost, kGpu} : std::vector<std::string>{kHost};
  const auto& said = options.memories;
  if (!runsOnGpu && std::find(said.begin(), said.end(), kGpu) != said.end()) {
    throw UsageError("--images gpu: the model runs on the CPU, which cannot read a GPU's memory");
  }
  return said;
}

int runBench(const CLI::App& command, const BenchOptions& options) {
  optionOf(options);  // refuses what makes no sense before any process is started
  const bool jsonOnly = options.json == "-";
  std::ofstream file;
  if (!options.json.empty() && !jsonOnly) {
    file.open(options.json);
    if (!file) throw std::runtime_error("cannot write \"" + options.json + "\"");
  }

  Workers workers(command);
  const Json description = workers.ask({kDescribe}, [](double) {});
  if (description.is_null()) return kInterrupted;
  if (description.contains("error")) throw std::runtime_error(description["error"].get<std::string>());
  checkClasses(options.results.classes, description["classes"].get<int>());
  const auto task = description["task"].get<std::string>();
  if (options.loading.task.empty()) workers.tellTask(task);
  Json report{{"model", options.model}};
  report.update(description);
  report["machine"] = benchMachine();
  if (description["backend"] == "tensorrt") report["machine"]["gpu"] = description["device"];
  report["rows"] = Json::array();
  const auto planned = plan(options, memoriesOf(options, description["backend"] == "tensorrt"));
  const bool well = measure(workers, options, planned, report["rows"]);

  // The table first: figures that took minutes are not lost to a full disk.
  if (!jsonOnly) std::cout << benchTable(report) << std::flush;
  if (!options.json.empty()) {
    (jsonOnly ? std::cout : file) << report.dump(2, ' ', false, Json::error_handler_t::replace) << std::endl;
    if (!jsonOnly && !file) throw std::runtime_error("cannot write \"" + options.json + "\"");
  }
  if (!std::cout) throw std::runtime_error("cannot write to standard output");
  if (interrupted()) return kInterrupted;
  return well ? kDone : kFailed;
}

}  // namespace

void addBench(CLI::App& program, std::vector<Command>& commands) {
  const auto options = std::make_shared<BenchOptions>();
  CLI::App* command = program.add_subcommand(
      "bench", "memory and images a second: the bare network, one model, clones, separate models, processes, a pool");
  addOptions(*command, *options);
  command->footer("Example: trtyolo bench yolo11n.onnx --clones 1,2,4,8 --json bench.json");
  commands.push_back({command, [command, options] { return runBench(*command, *options); }});

  const auto worker = std::make_shared<WorkerOptions>();
  const auto shared = std::make_shared<BenchOptions>();
  CLI::App* hidden = program.add_subcommand(kWorker, "measure one row of bench")->group("");
  addOptions(*hidden, *shared);
  hidden->add_option("--kind", worker->kind)->required();
  hidden->add_option("--n", worker->n)->required();
  hidden->add_option("--row-seconds", worker->seconds)->required();
  hidden->add_option("--memory", worker->memory)->required();
  commands.push_back({hidden, [hidden, shared, worker] { return runWorker(*hidden, *shared, *worker); }});
}

}  // namespace app
