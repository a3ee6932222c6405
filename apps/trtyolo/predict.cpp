// The command predict: how its steps work together.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <opencv2/imgcodecs.hpp>
#include <optional>
#include <thread>

#include "any_model.hpp"
#include "class_names.hpp"
#include "command.hpp"
#include "drawing.hpp"
#include "interrupt.hpp"
#include "names.hpp"
#include "output_file.hpp"
#include "pipeline.hpp"
#include "predict_options.hpp"
#include "progress.hpp"
#include "reader.hpp"
#include "sources.hpp"
#include "summary.hpp"
#include "together.hpp"
#include "trtyolo.hpp"
#include "trtyolo/opencv.hpp"
#include "window.hpp"
#include "writer.hpp"

namespace app {
namespace {

/// One clone for each core, but no more than eight, and no more than there are calls to make.
std::size_t usualClones(const std::vector<Source>& sources, const ModelOptions& loading) {
  constexpr std::size_t kMost = 8;
  const std::size_t most = std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, kMost);
  std::size_t pictures = 0;
  for (const Source& source : sources) {
    if (hasFrames(source)) return most;
    if (source.kind == SourceKind::Picture) ++pictures;
  }
  const auto batch = static_cast<std::size_t>(loading.batch.value_or(1));
  return std::clamp<std::size_t>((pictures + batch - 1) / batch, 1, most);
}

trtyolo::InferOption engineOption(const PredictOptions& options, std::size_t clones) {
  trtyolo::InferOption option = inferOption(options.loading);
  // Cores are shared out among the clones; with fewer cores than clones some of them wait.
  const std::size_t cores = std::max<std::size_t>(1, std::thread::hardware_concurrency());
  if (!options.loading.streams) option.setStreams(static_cast<int>(std::min(clones, cores)));
  apply(options.results, option);
  return option;
}

/// The model and its clones: `count` in all.
std::vector<AnyModel> loadClones(const PredictOptions& options, std::size_t count) {
  std::vector<AnyModel> clones;
  try {
    clones.emplace_back(options.model, engineOption(options, count), taskOf(options.loading));
  } catch (const std::invalid_argument& error) {
    throw UsageError(error.what());
  }
  while (clones.size() < count) clones.push_back(clones.front().clone());
  return clones;
}

double millisecondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

/// Runs `work` and adds the milliseconds it took to `total`.
template <typename Work>
auto timed(double& total, const Work& work) {
  struct Clock {
    double& total;
    std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
    ~Clock() { total += millisecondsSince(start); }
  } const clock{total};
  return work();
}

/// Loaded with all that the command line asks; lives as long as predict runs.
class Prediction {
 public:
  Prediction(const PredictOptions& options, std::vector<Source> sources);

  int run();

 private:
  bool read(Batch& batch);
  void decode(Batch& batch) const;
  void predict(AnyModel& clone, Batch& batch) const;
  void finish(Batch& batch) const;
  bool write(const Batch& batch);

  const PredictOptions& options_;
  std::vector<Source> sources_;
  std::optional<OutputNames> saveNames_;
  std::vector<AnyModel> clones_;
  Names names_;
  std::size_t batch_ = 1;
  std::vector<std::unique_ptr<Writer>> writers_;
  std::optional<Window> window_;
  std::optional<Reader> reader_;
  std::optional<Summary> summary_;
  std::optional<Progress> progress_;
  long expected_ = 0;  ///< images in all; 0 if not known
};

Prediction::Prediction(const PredictOptions& options, std::vector<Source> sources)
    : options_(options), sources_(std::move(sources)) {
  for (const std::string& folder : {options.save, options.saveText}) {
    if (!folder.empty()) makeFolder(folder);
  }
  if (!options.save.empty()) saveNames_.emplace(options.save, sources_);
  if (options.show) window_.emplace();
  clones_ = loadClones(
      options, options.clones ? static_cast<std::size_t>(*options.clones) : usualClones(sources_, options.loading));
  const trtyolo::ModelInfo& info = clones_.front().base().info();
  batch_ = static_cast<std::size_t>(options.loading.batch.value_or(info.batch));
  names_ = namesOf(info);
  warnOfIdleOptions(options.results, info.task);
  writers_ = makeWriters(options, info, sources_);
  if (!options.save.empty()) writers_.push_back(makeVideoWriter());
  if (!options.quiet && errorIsTerminal()) expected_ = countImages(sources_);
  reader_.emplace(sources_, saveNames_ ? &*saveNames_ : nullptr);
}

int Prediction::run() {
  summary_.emplace(clones_.front().base().info());
  progress_.emplace(!options_.quiet);
  Steps steps;
  steps.read = [this](Batch& batch) { return read(batch); };
  steps.skip = [this] { return reader_->skip(); };
  steps.decode = [this](Batch& batch) { decode(batch); };
  for (AnyModel& clone : clones_) {
    steps.predict.emplace_back([this, &clone](Batch& batch) { predict(clone, batch); });
  }
  steps.finish = [this](Batch& batch) { finish(batch); };
  steps.write = [this](const Batch& batch) { return write(batch); };
  runPipeline(steps);
  for (const auto& writer : writers_) writer->finish();
  progress_->clear();
  spdlog::info("{}", summary_->text(clones_.size()));
  if (interrupted()) return kInterrupted;
  return summary_->errors() > 0 ? kFailed : kDone;
}

bool Prediction::read(Batch& batch) {
  timed(batch.read, [&] {
    while (batch.items.size() < batch_ && !interrupted()) {
      auto item = reader_->next();
      if (!item) break;
      batch.items.push_back(std::move(*item));
    }
  });
  return !batch.items.empty();
}

void Prediction::decode(Batch& batch) const {
  timed(batch.read, [&] {
    for (Item& item : batch.items) {
      if (item.source->kind != SourceKind::Picture) continue;
      try {
        item.picture = readPicture(item.source->name);
        item.size = item.picture.size();
      } catch (const std::runtime_error& error) {
        item.error = error.what();
      }
    }
  });
}

void Prediction::predict(AnyModel& clone, Batch& batch) const {
  std::vector<Item*> readable;
  std::vector<trtyolo::Image> images;
  for (Item& item : batch.items) {
    if (!item.error.empty()) continue;
    readable.push_back(&item);
    images.push_back(trtyolo::view(item.picture));
  }
  if (images.empty()) return;
  auto results = timed(batch.predict, [&] { return clone.predict(images); });
  for (std::size_t i = 0; i < readable.size(); ++i) readable[i]->found = std::move(results[i]);
}

void Prediction::finish(Batch& batch) const {
  timed(batch.finish, [&] {
    for (Item& item : batch.items) {
      if (!options_.keepsPictures()) item.picture.release();
      if (item.picture.empty()) continue;
      draw(item.picture, item.found, names_);
      if (hasFrames(*item.source) || item.saveAs.empty()) continue;
      std::vector<unsigned char> bytes;
      cv::imencode(std::filesystem::path(item.saveAs).extension().string(), item.picture, bytes);
      OutputFile file(item.saveAs);
      file.write({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
      file.commit();
    }
  });
}

bool Prediction::write(const Batch& batch) {
  bool more = true;
  double milliseconds = 0;
  timed(milliseconds, [&] {
    for (const Item& item : batch.items) {
      if (!item.error.empty()) spdlog::error("{}: {}", item.source->name, item.error);
      for (const auto& writer : writers_) writer->add(item);
      if (window_ && more) more = window_->show(item);
    }
  });
  summary_->add(batch, milliseconds);
  const long done = summary_->images() + summary_->errors();
  progress_->update(expected_ > 0 ? static_cast<double>(done) / static_cast<double>(expected_) : -1,
                    fmt::format("{} images  {:.1f} images/s", done, summary_->rate()));
  return more;
}

}  // namespace

void addPredict(CLI::App& program, std::vector<Command>& commands) {
  CLI::App* command =
      program.add_subcommand("predict", "Run a model over pictures, folders, videos, cameras or streams");
  const auto options = std::make_shared<PredictOptions>();
  addPredictOptions(*command, *options);
  commands.push_back({command, [options] {
                        if (options->quiet) spdlog::set_level(spdlog::level::err);
                        checkUsage(*options);
                        std::vector<Source> sources = findSources(options->sources);
                        if (isTogether(*options, sources)) return predictTogether(*options, sources);
                        return Prediction(*options, std::move(sources)).run();
                      }});
}

}  // namespace app
