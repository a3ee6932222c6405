// The command predict at work: see predict_command.hpp.
#include "commands/predict_command.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "commands/command.hpp"
#include "pipeline/predict_batch.hpp"
#include "pipeline/step_tools.hpp"
#include "terminal/interrupt.hpp"
#include "terminal/reason.hpp"
#include "writers/image_writer.hpp"

namespace app {
namespace {

/// One clone for each core, but no more than eight, and no more than there are calls to make.
std::size_t defaultClones(const std::vector<Source>& sources, const ModelOptions& loading) {
  constexpr std::size_t kMost = 8;
  const std::size_t most = std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, kMost);
  std::size_t images = 0;
  for (const Source& source : sources) {
    if (hasFrames(source)) return most;
    if (source.kind == SourceKind::Image) ++images;
  }
  const auto batch = static_cast<std::size_t>(loading.batch.value_or(1));
  return std::clamp<std::size_t>((images + batch - 1) / batch, 1, most);
}

/// Until there are so many of the first one: on its GPU, or on each of `gpus`, of which it is on the first.
void addClones(std::vector<std::unique_ptr<trtyolo::Model>>& models, std::size_t count, const std::vector<int>& gpus) {
  count *= std::max<std::size_t>(1, gpus.size());
  while (models.size() < count) {
    models.push_back(gpus.empty() ? models.front()->clone() : models.front()->clone(gpus[models.size() % gpus.size()]));
  }
}

std::shared_ptr<Clones> loadClones(const PredictOptions& options, const std::vector<Source>& sources) {
  const std::size_t count =
      options.clones ? static_cast<std::size_t>(*options.clones) : defaultClones(sources, options.loading);
  trtyolo::ImageDecoderOption decoding;
  decoding.maxPixelBytes = options.pixelBytes();
  auto clones = std::make_shared<Clones>();
  clones->decoder = trtyolo::makeImageDecoder(decoding);
  // Cores are shared out among the clones; with fewer cores than clones some of them wait.
  const std::size_t cores = std::max<std::size_t>(1, std::thread::hardware_concurrency());
  auto& models = clones->models;
  models.push_back(
      std::make_unique<trtyolo::Model>(loadModel(options, static_cast<int>(std::min(count, cores)), clones->decoder)));
  addClones(models, count, gpusOf(options));
  if (options.then.given()) {
    const trtyolo::Model& first = *models.front();
    clones->then.push_back(std::make_unique<trtyolo::Model>(loadThenModel(
        options.then, options.loading, first.info(), gpuOf(options, first), static_cast<int>(std::min(count, cores)))));
    addClones(clones->then, count, gpusOf(options));
  }
  return clones;
}

}  // namespace

PredictCommand::PredictCommand(const PredictOptions& options, const std::vector<Source>& sources,
                               std::shared_ptr<Clones> clones)
    : options_(options),
      sources_(sources),
      names_(options.save, sources),
      view_(makeView(options.view, options.quiet, options.model, {sources.empty() ? "" : sources.front().name})),
      clones_(std::move(clones)) {
  if (options.show) window_.emplace();
  if (!clones_) clones_ = loadClones(options, sources);
  const trtyolo::ModelInfo& info = model().info();
  batch_ = static_cast<std::size_t>(options.loading.batch.value_or(info.batch));
  slices_ = slicesOf(options, info);
  if (!options.quiet && errorIsTerminal()) expected_ = countImages(sources_);
  results_.emplace(resultFiles(options, info, sources_), info);
  if (!options.save.empty()) video_ = makeVideoWriter();
  budget_.emplace(options.pixelBytes());
  tracks_ = trackSettings(options.tracks, options.isWatched());
  prepareInput();
  reader_.emplace(sources_, names_, options.giveUp, input_);
}

/// Finds out where images and frames are decoded.
void PredictCommand::prepareInput() {
  input_.budget = &*budget_;
  input_.stopped = [this] { return stopped_ || interrupted(); };
  const std::optional<int> gpu = gpuOf(options_, model());
  // Frames that one GPU has decoded could not be run by the others.
  if (gpusOf(options_).size() < 2) input_.gpu = gpu;
  input_.keepsImages = options_.keepsImages();
  if (view_) {
    input_.away = [this](bool away) { view_->feed(0).setLink(away ? Feed::Link::Away : Feed::Link::There); };
  }
  modelDecodesJpegs_ = options_.fastDecode;
  const auto isImage = [](const Source& source) { return source.kind == SourceKind::Image; };
  if (!gpu || input_.keepsImages || options_.then.given() || std::none_of(sources_.begin(), sources_.end(), isImage))
    return;
  const std::string why = clones_->decoder->whyNoGpu(*gpu);
  modelDecodesJpegs_ = modelDecodesJpegs_ || why.empty();
  if (!why.empty()) spdlog::warn("images are decoded on the CPU: {}", why);
}

int PredictCommand::run() {
  summary_.emplace(model().info());
  progress_.emplace(!options_.quiet);
  Steps steps;
  steps.read = [this](Batch& batch) { return read(batch); };
  steps.skip = [this] { return options_.late == "drop" && reader_->skip(); };
  steps.decode = [this](Batch& batch) { decode(batch); };
  for (std::size_t i = 0; i < clones_->models.size(); ++i) {
    trtyolo::Model* const then = clones_->then.empty() ? nullptr : clones_->then[i].get();
    steps.predict.emplace_back([this, &clone = *clones_->models[i], then](Batch& batch) {
      predictBatch(clone, batch, slices_);
      if (then) predictThen(*then, options_.then.crop(), batch);
    });
  }
  if (tracks_.any()) steps.track = [this](Batch& batch) { track(batch); };
  steps.draw = [this](Batch& batch) { drawAndSave(batch); };
  steps.write = [this](Batch& batch) { return write(batch); };
  steps.end = [this] { end(); };
  const GracefulEnd graceful;
  bool failed = false;
  try {
    runPipeline(steps);
  } catch (const std::exception& error) {
    spdlog::error("{}", reasonOf(error));
    failed = true;
  }
  if (results_->readerIsGone()) return kReaderGone;
  failed = failed || results_->failed() || (video_ && video_->failed());
  return failed || summary_->errors() > 0 || summary_->unsaved() > 0 ? kFailed : kDone;
}

/// Completes the files. After a signal the process ends here: a thread may wait for a web server, or for the look-up of
/// a host's name.
void PredictCommand::end() {
  budget_->close();
  results_->finish();
  if (video_) video_->finish();
  progress_->clear();
  if (!results_->isLost() || !results_->readerIsGone()) {
    spdlog::info("{}", summary_->text(clones_->models.size()));
    if (gpuOf(options_, model()))
      spdlog::info("{}", summary_->decodedText(static_cast<long>(clones_->decoder->counts().gpu)));
  }
  if (interrupted()) leave(interruptStatus());
}

bool PredictCommand::read(Batch& batch) {
  timed(batch.read, [&] {
    while (batch.items.size() < batch_ && !interrupted()) {
      auto item = reader_->next();
      if (!item) break;
      if (item->pixels) {
        budget_->waitForTurn(batch.number);
        withErrors(*item, [&] { batch.pixels += reserve(*item, input_, batch.pixels); });
      }
      batch.items.push_back(std::move(*item));
    }
  });
  return !batch.items.empty();
}

void PredictCommand::decode(Batch& batch) {
  timed(batch.read, [&] {
    struct Decoded {
      Item* item;
      std::size_t bytes;  // that are reserved for it
    };
    std::vector<Decoded> images;
    for (Item& item : batch.items) {
      if (!item.video && withErrors(item, [&] { fetchOnce(item); })) images.push_back({&item, 0});
    }
    budget_->waitForTurn(batch.number);
    for (Decoded& image : images) {
      if (withErrors(*image.item, [&] { image.bytes = reserve(*image.item, input_, batch.pixels); })) {
        batch.pixels += image.item->memory ? image.bytes : 0;
      }
    }
    budget_->turnIsOver(batch.number);
    for (const Decoded& image : images) {
      withErrors(*image.item, [&] { decode(*image.item, image.bytes); });
    }
  });
}

/// Of an image, unless the model is to decode it.
void PredictCommand::decode(Item& item, std::size_t reserved) const {
  auto jpeg = modelDecodesJpegs_ ? jpegOf(item, reserved) : nullptr;
  if (!jpeg) item.image = imageOf(item, reserved);
  item.encoded = std::move(jpeg);
}

/// Sources come one after the other, so that one tracker is there at a time.
void PredictCommand::track(Batch& batch) {
  for (Item& item : batch.items) {
    if (item.source != tracked_) {
      tracker_.emplace(tracks_);
      tracked_ = item.source;
    }
    withErrors(item, [&] { tracker_->update(item); });
  }
}

void PredictCommand::drawAndSave(Batch& batch) const {
  timed(batch.draw, [&] {
    for (Item& item : batch.items) {
      if (!options_.isWatched()) item.releaseImage();
      if (options_.keepsImages() && item.hasPixels()) app::drawAndSave(item);
    }
  });
}

bool PredictCommand::write(Batch& batch) {
  bool more = true;
  double milliseconds = 0;
  timed(milliseconds, [&] {
    for (Item& item : batch.items) {
      if (video_) video_->add(item);  // first, as the results tell what goes wrong with it
      results_->add(item);
      if (window_ && more) more = window_->show(item);
    }
  });
  summary_->add(batch, milliseconds);
  if (view_) {
    for (Item& item : batch.items) view_->feed(0).put(std::move(item));
  }
  more = more && (!results_->isLost() || options_.isWatched());
  if (!more) stopped_ = true;
  const long done = summary_->images() + summary_->errors();
  progress_->update(expected_ > 0 ? static_cast<double>(done) / static_cast<double>(expected_) : -1,
                    fmt::format("{} images  {:.1f} images/s", done, summary_->rate()));
  return more;
}

}  // namespace app
