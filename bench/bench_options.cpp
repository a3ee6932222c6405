// The options of bench: see bench_options.hpp.
#include "bench_options.hpp"

#include <chrono>
#include <cmath>
#include <set>
#include <utility>

#include "commands/command.hpp"
#include "measure_streams.hpp"

namespace bench {

void addOptions(CLI::App& command, Options& options, const std::string& sources) {
  command.add_option("MODEL", options.settings.model, "model file")->required();
  command
      .add_option("--clones", options.clones,
                  "how many clones (of predict, too), separate models, callers of a pool (of jpeg, too), and processes")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("N,...")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  command
      .add_option("--kinds", options.kinds,
                  "rows to measure; jpeg is a pool that is given JPEG bytes, predict the command over JPEG files; both "
                  "against the slower of the decoder and the network, each alone (on a CPU, where these share the "
                  "cores, against 1 / (1 / decoder + 1 / network))")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::IsMember({kNetwork, kModel, kClones, kSeparate, kPool, kProcesses, kJpeg, kPredict, kStreams}))
      ->capture_default_str();
  command
      .add_option("--exported", options.settings.exported,
                  "the same network as it was exported, to be measured beside one whose head is cut (default: on a CPU "
                  "the model itself, whole; on a GPU none: an engine built with --head whole)")
      ->type_name("FILE");
  command
      .add_option("--images", options.memories,
                  "where the image is: host, pinned (page-locked memory of the host), gpu, or several one after the "
                  "other (default: host; of a model that runs on a GPU: host,gpu)")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::IsMember({kHost, kPinned, kGpu}));
  command.add_option("--source", options.source,
                     sources +
                         " to predict (default: an image is drawn). Of rows of kind jpeg and predict: a JPEG file, "
                         "or a folder of some (jpeg's default: the drawn image at quality 90); of streams: a video");
  command.add_option("--size", options.size, "of the image that is drawn, height x width")
      ->type_name("N|HxW")
      ->check([](const std::string& text) {
        return app::networkSize(text) ? "" : "1080x1920 (height x width) was expected, found " + text;
      })
      ->capture_default_str();
  command
      .add_option(
          "--decode", options.decoders,
          "where jpeg, predict and streams are decoded: gpu (nvImageCodec, NVDEC), cpu (on all cores), fast (there, "
          "with fast decode; no streams), or several one after the other (default: where the model runs)")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::IsMember({kGpu, kCpu, kFast}));
  command.add_option("--seconds", options.seconds, "time for each row, and as much for the bare network beside it")
      ->type_name("S")
      ->check(CLI::Range(0.01, 86400.0))
      ->capture_default_str();
  command.add_option("--at-once", options.settings.atOnce, "most calls at the same time (default: one for each clone)")
      ->type_name("N")
      ->check(CLI::Range(1, 1024).description(""));
  app::addDevicesOption(command, options.devices,
                        "GPUs among which clones, models, callers and processes are spread; clones, pools and jpeg "
                        "are measured on the first of them, too, and \"x 1 GPU\" is how many times as fast all are");
  command.add_option("--json", options.json, "write the results as JSON to this file; - is standard output")
      ->type_name("FILE|-");
  command.add_flag("--all", options.all, "show everything that was measured, in further tables");
  command.add_flag("-q,--quiet", options.quiet, "say nothing but errors");

  command.option_defaults()->group("Streams");
  command
      .add_option("--streams", options.streams,
                  "rows of kind streams: so many readers of the video --source, a thread each, whose frames go to one "
                  "pool; first as fast as they go, then each frame at its time, which the latency is counted from. "
                  "Alone if --kinds is not given")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("N,...")
      ->check(CLI::Range(1, 1024).description(""));
  command
      .add_option("--p99", options.p99,
                  "a further row of as many streams as fit: with a p99 latency of at most this, and none that falls "
                  "behind; and what was full first, decoder, network or processor")
      ->type_name("MS")
      ->check(CLI::Range(0.1, 1e6).description(""));
  command.add_option("--fps", options.settings.fps, "frames a second of each stream (default: as the video says)")
      ->type_name("N")
      ->check(CLI::Range(0.1, 1000.0).description(""));

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
  addModelOptions(command, options.loading, "--engine-streams");  // --streams are videos
}

/// The classes that are to be kept.
std::vector<int> classesOf(const Options& options, const trtyolo::InferOption& option) {
  if (options.results.classes.empty()) return {};
  return app::classesOf(options.results, trtyolo::inspect(options.settings.model, option).names);
}

/// @throws app::UsageError  options contradict each other
Settings settingsOf(const Options& options) {
  Settings settings = options.settings;
  settings.source = options.source;
  settings.option = inferOption(options.loading);
  apply(options.results, settings.option);
  settings.option.setClasses(classesOf(options, settings.option));
  // The bare network runs at the whole network size, so predict() does.
  settings.option.setRect(false);
  settings.streams = options.loading.streams;
  settings.gpus = {app::wholeNumber(options.loading.device).value_or(0)};
  settings.maxQueueDelay = std::chrono::microseconds(std::lround(options.queueDelay * 1000));
  if (!options.devices.empty()) {
    const std::vector<int> gpus = app::devicesOf(options.devices, options.loading);
    if (gpus.empty()) return settings;
    settings.gpus = gpus;
    settings.option.setBackend(trtyolo::Backend::TensorRT).setDeviceId(gpus.front());
  }
  return settings;
}

/// The rows in the order of the table.
std::vector<PlannedRow> plan(const Options& options, const std::vector<std::string>& memories,
                             const std::vector<std::string>& decoders, std::size_t gpus) {
  std::vector<PlannedRow> rows;
  // Of a kind that several GPUs make faster one GPU is measured as well. More than there are callers cannot be used.
  const auto push = [&](PlannedRow row) {
    const Job& job = row.job;
    const int most = std::min(static_cast<int>(gpus), job.n);
    row.job.gpus = 1;
    if (most > 1 && (job.kind == kClones || job.kind == kPool || job.kind == kJpeg)) rows.push_back(row);
    row.job.gpus = row.beside ? 1 : most;  // the next row is that of one GPU
    rows.push_back(row);
  };
  const std::set<int> counts(options.clones.begin(), options.clones.end());
  for (const std::string& memory : memories) {
    const auto add = [&](const char* kind, int n) {
      // The bare network reads no image: once is enough.
      const bool first = memory == memories.front() && (kind == kModel || kind == kClones);
      if (options.measures(kNetwork) && first) {
        const bool beside = options.measures(kind);
        push({{kNetwork, n}, beside ? std::min(1.0, options.seconds) : options.seconds, false, beside});
      }
      if (options.measures(kind)) push({{kind, n, memory}, options.seconds});
    };
    add(kModel, 1);
    for (const char* kind : {kClones, kSeparate, kProcesses}) {
      for (const int n : counts) {
        if (n > 1) add(kind, n);
      }
    }
    for (const int n : counts) add(kPool, n);
  }
  for (const std::string& decode : decoders) {
    for (const char* kind : {kJpeg, kPredict}) {
      for (const int n : counts) {
        if (options.measures(kind)) push({{kind, n, kHost, decode}, options.seconds});
      }
    }
    if (!options.measures(kStreams)) continue;
    Job job{kStreams, 1, decode == kGpu ? kGpu : kHost, decode};
    for (const int n : std::set<int>(options.streams.begin(), options.streams.end())) {
      job.n = n;
      push({job, 2 * options.seconds});
    }
    if (!options.p99) continue;
    job.n = job.gpus = static_cast<int>(gpus);
    rows.push_back({job, 10 * options.seconds, /*mostStreams=*/true});
  }
  return rows;
}

bool Options::measuresImages() const {
  return std::any_of(kinds.begin(), kinds.end(),
                     [](const std::string& kind) { return kind != kNetwork && !Job{kind}.encoded(); });
}

SourceImage imageOf(const Options& options, const ImageReader& read, const std::string& kind) {
  const auto drawnSize = app::networkSize(options.size);
  std::pair size(drawnSize->width, drawnSize->height);
  const bool first = kind.empty() && !options.measuresImages();
  if (!options.source.empty()) {
    const bool files = options.measures(kJpeg) || options.measures(kPredict);
    if (kind == kJpeg || kind == kPredict || (first && files)) {
      size = jpegSize(jpegFiles(options.source, 0, 0));
    } else if (kind == kStreams || (first && options.measures(kStreams))) {
      size = videoSize(options.source);
    } else if (options.measuresImages()) {
      return read(options.source);
    }
  }
  return drawnImage(size.first, size.second);
}

}  // namespace bench
