// How a row of bench is measured: see measure.hpp.
#include "measure.hpp"

#include <algorithm>
#include <cmath>
#include <iostream>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "device.hpp"
#include "system.hpp"

namespace bench {
namespace {

using Json = nlohmann::ordered_json;

/// Slices short enough that the machine is the same for two neighbours, and long enough that the ragged end, when not
/// every thread still works, counts for little.
constexpr double kSlice = 0.5, kWarmUp = 0.1;  // seconds
constexpr int kRoundsOfASlice = 4, kFewestSlices = 3;

struct Slices {
  double seconds;
  int count;
};

Slices slicesFor(double seconds, double secondsOfARound) {
  const double slice = std::max(std::min(kSlice, seconds / kFewestSlices), kRoundsOfASlice * secondsOfARound);
  return {slice, std::max(kFewestSlices, static_cast<int>(std::lround(seconds / slice)))};
}

/// What decodes and the bare network can at most, together: the slower of the two, and where they share the processor's
/// cores no more than the work of both fits into these.
double limitOf(double decoder, double network, double sharedCores) {
  if (sharedCores == 0) return std::min(decoder, network);
  return std::min(decoder, 1 / (sharedCores / decoder + 1 / network));
}

void describeSpeed(Json& row, const Speed& speed) {
  row["images_per_s"] = speed.imagesPerSecond();
  row["p50_ms"] = trtyolo::percentile(speed.latencies, 50);
  row["p99_ms"] = trtyolo::percentile(speed.latencies, 99);
}

/// What processes have answered, as Workers::ask() says.
Json combined(const std::vector<Json>& parts) {
  Json all = parts.front();
  if (all.contains("latencies")) {
    auto speed = all.get<Speed>();
    for (std::size_t i = 1; i < parts.size(); ++i) speed.addBeside(parts[i].get<Speed>());
    return speed;
  }
  for (auto& [key, value] : all.items()) {
    const std::string_view name = key;
    const bool mean = name.ends_with("_ms");
    if (!mean && !name.ends_with("_mb") && name != "executors") continue;
    double sum = 0;
    for (const Json& part : parts) sum += part.at(key).get<double>();
    if (mean) {
      value = sum / static_cast<double>(parts.size());
    } else if (value.is_number_integer()) {
      value = std::lround(sum);
    } else {
      value = sum;
    }
  }
  return all;
}

}  // namespace

Json rounded(Json row) {
  for (auto& [key, value] : row.items()) {
    const double scale = std::string_view(key).ends_with("_mb") ? 10 : 10000;
    if (value.is_number_float()) value = std::round(value.get<double>() * scale) / scale;
  }
  return row;
}

Json describe(const Settings& settings, const SourceImage& image) {
  const trtyolo::ModelInfo info = trtyolo::inspect(settings.model, settings.option);
  return {{"task", trtyolo::toString(info.task)},
          {"classes", info.names.size()},
          {"precision", info.precision},
          {"network", {info.networkWidth, info.networkHeight}},
          {"batch", info.batch},
          {"backend", info.backend},
          {"device", info.device},
          {"image", {image.width, image.height}}};
}

void serve(const Settings& settings, const std::function<SourceImage(const std::string& kind)>& image) {
  std::optional<SourceImage> pixels;
  std::optional<Subject> subject;
  const auto answer = [&](std::istream& words) -> Json {
    std::string command;
    words >> command;
    if (command == "describe") return describe(settings, image(""));
    if (command == "load") {
      Job job;
      std::ptrdiff_t index = 0;
      words >> job.kind >> job.n >> job.memory >> index >> job.decode >> job.gpus;
      pixels = image(job.kind);
      Settings own = settings;
      std::rotate(own.gpus.begin(), own.gpus.begin() + index, own.gpus.end());
      subject.emplace(own, job, *pixels);
      return true;
    }
    if (command == "start") {
      for (int gpu = 0; words >> gpu;) startGpu(gpu);
      return true;
    }
    if (command == "memory") return subject->memory();
    if (command == "work") return subject->work();
    if (command == "streams") {
      int n = 0;
      words >> n;
      subject->setStreams(n);
      return true;
    }
    double seconds = 0;
    words >> seconds;
    if (command == "paced") return subject->paced(seconds);
    const double before = processorSeconds();
    Speed speed = command == "decode"     ? subject->decode(seconds)
                  : command == "predict"  ? subject->predict(seconds)
                  : command == "exported" ? subject->exported(seconds)
                                          : subject->network(seconds);
    speed.processor = processorSeconds() - before;
    return speed;
  };
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    Json said;
    try {
      said = {{"answer", answer(words)}};
    } catch (const std::exception& error) {
      said = {{"error", error.what()}};
    }
    // File names and messages may hold bytes that are not UTF-8.
    std::cout << said.dump(-1, ' ', false, Json::error_handler_t::replace) << std::endl;
  }
}

Workers::Workers(int count, std::function<bool()> interrupted) : interrupted_(std::move(interrupted)) {
  while (static_cast<int>(children_.size()) < count) children_.push_back(std::make_unique<Child>());
}

Json Workers::ask(const std::string& command) const {
  return ask([&](std::size_t) { return command; });
}

Json Workers::ask(const std::function<std::string(std::size_t)>& command) const {
  for (std::size_t i = 0; i < children_.size(); ++i) children_[i]->tell(command(i));
  std::vector<Json> answers;
  for (const auto& child : children_) {
    Json said;
    while (!said.is_object()) {  // a library's own words may come between
      const std::string line = child->hear(interrupted_);
      if (interrupted_()) throw Interrupted();
      said = Json::parse(line, nullptr, false);
    }
    if (said.contains("error")) throw std::runtime_error(said["error"].get<std::string>());
    answers.push_back(std::move(said["answer"]));
  }
  return combined(answers);
}

Json measure(const Ask& ask, const Job& job, double seconds, const std::function<void(double)>& onProgress,
             double sharedCores) {
  const auto run = [&](const char* what, double length) {
    return ask(std::string(what) + " " + std::to_string(length)).get<Speed>();
  };
  Json row, beside;
  Speed network, predict, decoder, exported;
  if (job.kind == kNetwork) {
    const Slices slices = slicesFor(seconds, trtyolo::percentile(run("network", kWarmUp).latencies, 50) / 1e3);
    for (int i = 0; i < slices.count; ++i) {
      network.add(run("network", slices.seconds));
      onProgress((i + 1.0) / slices.count);
    }
    row = ask("memory");
    row.update(ask("work"));
    describeSpeed(row, network);
    return {{"row", rounded(std::move(row))}};
  }

  // Each thread has done a few calls, and together they have filled every stream, before anything counts; and memory is
  // read before the bare network runs for the first time, because that makes requests of its own.
  double round = 0;
  for (int i = 0; i < kRoundsOfASlice; ++i) round = run("predict", 0).seconds;
  row = ask("memory");
  run("network", kWarmUp);
  if (job.encoded()) run("decode", kWarmUp);
  const bool compares = row.erase("compares_exported") > 0;
  if (compares) run("exported", kWarmUp);
  const Slices slices = slicesFor(seconds, round);
  std::vector<double> ratios, toExported;
  for (int i = 0; i < slices.count; ++i) {
    Speed networkSlice, exportedSlice;
    double limit = 0;
    const auto runOthers = [&] {
      if (compares) exportedSlice = run("exported", slices.seconds);
      networkSlice = run("network", slices.seconds);
      limit = networkSlice.imagesPerSecond();
      if (!job.encoded()) return;
      const Speed decoderSlice = run("decode", slices.seconds);
      limit = limitOf(decoderSlice.imagesPerSecond(), limit, sharedCores);
      decoder.add(decoderSlice);
    };
    // Turn about, so that a machine that gets faster or slower favours neither.
    if (i % 2 == 0) runOthers();
    const Speed predictSlice = run("predict", slices.seconds);
    if (i % 2 != 0) runOthers();
    ratios.push_back(predictSlice.imagesPerSecond() / limit);
    network.add(networkSlice);
    predict.add(predictSlice);
    if (compares) {
      toExported.push_back(predictSlice.imagesPerSecond() / exportedSlice.imagesPerSecond());
      exported.add(exportedSlice);
    }
    onProgress((i + 1.0) / slices.count);
  }
  describeSpeed(row, predict);
  describeSpeed(beside, network);
  row["ratio"] = trtyolo::percentile(ratios, 50);
  row["network_images_per_s"] = beside["images_per_s"];
  row["network_p50_ms"] = beside["p50_ms"];
  if (compares) {
    Json whole;
    describeSpeed(whole, exported);
    row["exported_images_per_s"] = whole["images_per_s"];
    row["exported_p50_ms"] = whole["p50_ms"];
    row["exported_ratio"] = trtyolo::percentile(toExported, 50);
    row["exported_p50_ratio"] = row["p50_ms"].get<double>() / whole["p50_ms"].get<double>();
  }
  if (job.encoded()) {
    row["decoder_images_per_s"] = decoder.imagesPerSecond();
    row["limit_images_per_s"] = limitOf(decoder.imagesPerSecond(), network.imagesPerSecond(), sharedCores);
    row["cpu_ms"] = predict.processorMilliseconds();
    row["alone_cpu_ms"] = decoder.processorMilliseconds() + network.processorMilliseconds();
  } else {
    row["p50_ratio"] = row["p50_ms"].get<double>() / beside["p50_ms"].get<double>();
  }
  row.update(ask("work"));
  if (row.contains("inference_ms")) {
    row["postprocess_ratio"] = row["postprocess_ms"].get<double>() / row["inference_ms"].get<double>();
  }
  row["slices"] = slices.count;
  return {{"row", rounded(std::move(row))}, {"network", rounded(std::move(beside))}};
}

}  // namespace bench
