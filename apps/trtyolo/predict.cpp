// The command predict: its options, and how its steps work together.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <opencv2/imgcodecs.hpp>
#include <optional>
#include <thread>

#include "command.hpp"
#include "drawing.hpp"
#include "interrupt.hpp"
#include "model_options.hpp"
#include "names.hpp"
#include "output_file.hpp"
#include "pipeline.hpp"
#include "progress.hpp"
#include "reader.hpp"
#include "sources.hpp"
#include "summary.hpp"
#include "trtyolo.hpp"
#include "trtyolo/opencv.hpp"
#include "window.hpp"
#include "writer.hpp"

namespace app {
namespace {

struct PredictOptions {
  std::string model;
  std::vector<std::string> sources;
  ModelOptions loading;
  std::optional<int> clones;
  float confidence = 0.25F, iou = 0.7F;
  int most = 300;
  std::vector<int> classes;
  bool agnostic = false;
  std::string labels;
  std::string save, json, csv, saveText;
  bool saveConfidence = false, show = false, quiet = false;
};

void addOptions(CLI::App& command, PredictOptions& options) {
  command.add_option("MODEL", options.model, "model file: ONNX (.onnx) or OpenVINO IR (.xml)")
      ->type_name(" ")
      ->required();
  command
      .add_option("SOURCE", options.sources,
                  "pictures, videos, folders of them, quoted patterns, numbers of cameras, URLs of streams")
      ->type_name(" ")
      ->required();
  command.add_option("--clones", options.clones, "clones that work side by side (default: as many as help)")
      ->type_name("N")
      ->check(CLI::Range(1, 1024).description(""));
  command.add_flag("-q,--quiet", options.quiet, "say nothing but errors");

  command.add_option("--conf", options.confidence, "objects must score more than this")
      ->type_name("0..1")
      ->check(CLI::Range(0.0, 1.0).description(""))
      ->capture_default_str()
      ->group("Objects");
  command.add_option("--iou", options.iou, "of two boxes that overlap more than this the lower score is dropped")
      ->type_name("0..1")
      ->check(CLI::Range(0.0, 1.0).description(""))
      ->capture_default_str()
      ->group("Objects");
  command.add_option("--max-det", options.most, "most objects in an image")
      ->type_name("N")
      ->check(CLI::Range(1, 1000000).description(""))
      ->capture_default_str()
      ->group("Objects");
  command.add_option("--classes", options.classes, "keep these classes only, by number: 0,2")
      ->type_name("N,N")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::Range(0, 1000000).description(""))
      ->group("Objects");
  command.add_flag("--agnostic", options.agnostic, "boxes of different classes drop each other too")->group("Objects");
  command.add_option("--labels", options.labels, "names of the classes, one a line, in place of the model's")
      ->type_name("FILE")
      ->group("Objects");

  command.add_option("--save", options.save, "folder for annotated pictures and videos (.mp4)")
      ->type_name("DIR")
      ->group("Results");
  command.add_flag("--show", options.show, "show them in a window; q ends, any key goes to the next picture")
      ->group("Results");
  command.add_option("--json", options.json, "results as JSON; - is standard output")
      ->type_name("FILE|-")
      ->group("Results");
  command.add_option("--csv", options.csv, "results as CSV, a line for each object; - is standard output")
      ->type_name("FILE|-")
      ->group("Results");
  command
      .add_option("--save-txt", options.saveText,
                  "folder for a label file of each image, as Ultralytics has them: class cx cy w h")
      ->type_name("DIR")
      ->group("Results");
  command.add_flag("--save-conf", options.saveConfidence, "the score, too, in these")->group("Results");
  addModelOptions(command, options.loading);
  command.footer(
      "A source that cannot be read is named, the others go on, and the exit status is 1.\n"
      "Ctrl-C finishes what is under way and writes what there is; a second one ends at once.\n\n"
      "Examples:\n"
      "  trtyolo predict yolo11n.onnx bus.jpg --save out\n"
      "  trtyolo predict yolo11n.onnx street.mp4 'photos/*.jpg' --clones 4 --save out --json results.json\n"
      "  trtyolo predict yolo11n.onnx rtsp://camera.local/main --show --classes 0,2");
}

void checkUsage(const PredictOptions& options) {
  if (options.json == "-" && options.csv == "-") {
    throw UsageError("--json and --csv cannot both go to standard output");
  }
  if (options.saveConfidence && options.saveText.empty()) throw UsageError("--save-conf needs --save-txt DIR");
}

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
  option.setConfidence(options.confidence).setIou(options.iou).setMaxDetections(options.most);
  option.setClasses(options.classes).setAgnostic(options.agnostic);
  return option;
}

/// The model and its clones: `count` in all.
std::vector<std::unique_ptr<trtyolo::DetectModel>> loadClones(const PredictOptions& options, std::size_t count) {
  std::vector<std::unique_ptr<trtyolo::DetectModel>> clones;
  try {
    clones.push_back(std::make_unique<trtyolo::DetectModel>(options.model, engineOption(options, count)));
  } catch (const std::invalid_argument& error) {
    throw UsageError(error.what());
  }
  while (clones.size() < count) clones.push_back(clones.front()->clone());
  return clones;
}

Names modelNames(const trtyolo::ModelInfo& info) {
  Names names(info.names.empty() ? 0 : static_cast<std::size_t>(info.names.rbegin()->first) + 1);
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = std::to_string(i);
  for (const auto& [index, name] : info.names) names.at(static_cast<std::size_t>(index)) = name;
  return names;
}

Names readNames(const std::string& file, std::size_t expected) {
  std::ifstream stream(file);
  if (!stream) throw std::runtime_error("--labels: '" + file + "' cannot be opened");
  Names names;
  for (std::string line; std::getline(stream, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    names.push_back(line);
  }
  while (!names.empty() && names.back().empty()) names.pop_back();
  if (names.size() != expected) {
    throw std::runtime_error("--labels: the model has " + std::to_string(expected) + " classes, and '" + file +
                             "' has " + std::to_string(names.size()) + " names");
  }
  return names;
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
  explicit Prediction(const PredictOptions& options);

  int run();

 private:
  bool read(Batch& batch);
  void decode(Batch& batch) const;
  void predict(trtyolo::DetectModel& clone, Batch& batch) const;
  void finish(Batch& batch) const;
  bool write(const Batch& batch);

  bool keepsPictures() const { return !options_.save.empty() || options_.show; }

  const PredictOptions& options_;
  std::vector<Source> sources_;
  std::optional<OutputNames> saveNames_;
  std::vector<std::unique_ptr<trtyolo::DetectModel>> clones_;
  Names names_;
  std::size_t batch_ = 1;
  std::vector<std::unique_ptr<Writer>> writers_;
  std::optional<Window> window_;
  std::optional<Reader> reader_;
  std::optional<Summary> summary_;
  std::optional<Progress> progress_;
  long expected_ = 0;  ///< images in all; 0 if not known
};

Prediction::Prediction(const PredictOptions& options) : options_(options), sources_(findSources(options.sources)) {
  for (const std::string& folder : {options.save, options.saveText}) {
    if (!folder.empty()) makeFolder(folder);
  }
  if (!options.save.empty()) saveNames_.emplace(options.save, sources_);
  if (options.show) window_.emplace();
  clones_ = loadClones(
      options, options.clones ? static_cast<std::size_t>(*options.clones) : usualClones(sources_, options.loading));
  const trtyolo::ModelInfo& info = clones_.front()->info();
  batch_ = static_cast<std::size_t>(options.loading.batch.value_or(info.batch));
  names_ = modelNames(info);
  if (!options.labels.empty()) names_ = readNames(options.labels, names_.size());
  if (!options.json.empty()) writers_.push_back(makeJsonWriter(options.json, info, names_));
  if (!options.csv.empty()) writers_.push_back(makeCsvWriter(options.csv, names_));
  if (!options.saveText.empty()) {
    writers_.push_back(makeLabelWriter(options.saveText, options.saveConfidence, sources_));
  }
  if (!options.save.empty()) writers_.push_back(makeVideoWriter());
  if (!options.quiet && errorIsTerminal()) expected_ = countImages(sources_);
  reader_.emplace(sources_, saveNames_ ? &*saveNames_ : nullptr);
}

int Prediction::run() {
  summary_.emplace(names_);
  progress_.emplace(!options_.quiet);
  Steps steps;
  steps.read = [this](Batch& batch) { return read(batch); };
  steps.skip = [this] { return reader_->skip(); };
  steps.decode = [this](Batch& batch) { decode(batch); };
  for (const auto& clone : clones_) {
    steps.predict.emplace_back([this, model = clone.get()](Batch& batch) { predict(*model, batch); });
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

void Prediction::predict(trtyolo::DetectModel& clone, Batch& batch) const {
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
      if (!keepsPictures()) item.picture.release();
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
  addOptions(*command, *options);
  commands.push_back({command, [options] {
                        if (options->quiet) spdlog::set_level(spdlog::level::err);
                        checkUsage(*options);
                        return Prediction(*options).run();
                      }});
}

}  // namespace app
