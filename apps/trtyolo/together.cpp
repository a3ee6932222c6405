// predict with all sources at once: see together.hpp.
#include "together.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "any_model.hpp"
#include "any_pool.hpp"
#include "class_names.hpp"
#include "command.hpp"
#include "drawing.hpp"
#include "feed.hpp"
#include "interrupt.hpp"
#include "names.hpp"
#include "output_file.hpp"
#include "progress.hpp"
#include "summary.hpp"

namespace app {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kBeingWritten = 2;  // frames of a source that have their result and are drawn or written
constexpr auto kLook = std::chrono::milliseconds(100);

double secondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

AnyModel load(const PredictOptions& options) {
  try {
    trtyolo::InferOption option = inferOption(options.loading);
    if (!options.loading.streams) option.setStreams(0);
    apply(options.results, option);
    return {options.model, option, taskOf(options.loading)};
  } catch (const std::invalid_argument& error) {
    throw UsageError(error.what());
  }
}

trtyolo::PoolOption poolOption(const PredictOptions& options) {
  trtyolo::PoolOption option;
  option.contexts = options.clones.value_or(0);
  return option;
}

class Together {
 public:
  Together(const PredictOptions& options, const std::vector<Source>& sources);

  int run();

 private:
  /// What belongs to one source, beside its feed.
  struct Part {
    std::unique_ptr<Writer> video;
    long shown = 0;  ///< frames at the time of the last status
    std::unique_ptr<Feed> feed;
  };

  void take(Item& item, Writer* video);
  void start();
  bool ended() const;
  void showProgress();
  void showStatus(double seconds);
  void showEnd();

  const PredictOptions& options_;
  const std::vector<Source>& sources_;
  AnyModel model_;
  AnyPool pool_;
  Names names_;
  std::optional<OutputNames> saveNames_;
  Progress progress_;

  std::mutex writing_;  ///< of the writers and the summary
  std::vector<std::unique_ptr<Writer>> writers_;
  Summary summary_;

  Clock::time_point begin_ = Clock::now();
  std::vector<Part> parts_;  ///< last: the feeds' threads use the rest
};

Together::Together(const PredictOptions& options, const std::vector<Source>& sources)
    : options_(options),
      sources_(sources),
      model_(load(options)),
      pool_(model_, poolOption(options)),
      names_(namesOf(model_.base().info())),
      progress_(!options.quiet),
      summary_(model_.base().info()) {
  const trtyolo::ModelInfo& info = model_.base().info();
  warnOfIdleOptions(options.results, info.task);
  for (const std::string& folder : {options.save, options.saveText}) {
    if (!folder.empty()) makeFolder(folder);
  }
  if (!options.save.empty()) saveNames_.emplace(options.save, sources);
  writers_ = makeWriters(options, info, sources);
}

int Together::run() {
  start();
  Clock::time_point last = Clock::now();
  bool stopped = false;
  while (!ended()) {
    std::this_thread::sleep_for(kLook);
    for (const Part& part : parts_) part.feed->rethrow();
    if (interrupted() && !std::exchange(stopped, true)) {
      for (const Part& part : parts_) part.feed->stop();
    }
    showProgress();
    if (options_.status > 0 && secondsSince(last) >= options_.status) {
      showStatus(secondsSince(last));
      last = Clock::now();
    }
  }
  for (const Part& part : parts_) part.feed->rethrow();
  for (const auto& writer : writers_) writer->finish();
  for (const Part& part : parts_) {
    if (part.video) part.video->finish();
  }
  progress_.clear();
  showEnd();
  if (interrupted()) return kInterrupted;
  return summary_.errors() > 0 ? kFailed : kDone;
}

void Together::start() {
  FeedSettings settings;
  settings.mostUnderWay = std::max<std::size_t>(1, pool_.base().inFlight() / sources_.size()) + kBeingWritten;
  settings.dropLate = options_.late == "drop";
  settings.giveUp = options_.giveUp;
  parts_.resize(sources_.size());
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    Part& part = parts_[i];
    std::string saveAs;
    if (saveNames_) {
      saveAs = saveNames_->claim(stemOf(sources_[i]), ".mp4");
      part.video = makeVideoWriter();
    }
    part.feed = std::make_unique<Feed>(sources_[i], saveAs, pool_, settings,
                                       [this, video = part.video.get()](Item& item) { take(item, video); });
  }
}

/// In the feeds' threads: drawing and video side by side, the rest one after the other.
void Together::take(Item& item, Writer* video) {
  if (!item.error.empty()) {
    spdlog::error("{}: {}", item.source->name, item.error);
  } else if (video != nullptr) {
    draw(item.picture, item.found, names_);
    video->add(item);
  }
  item.picture.release();
  const std::lock_guard lock(writing_);
  for (const auto& writer : writers_) writer->add(item);
  summary_.add(item);
}

bool Together::ended() const {
  return std::all_of(parts_.begin(), parts_.end(), [](const Part& part) { return part.feed->counts().ended; });
}

void Together::showProgress() {
  long images = 0, dropped = 0;
  std::size_t away = 0;
  for (const Part& part : parts_) {
    const FeedCounts counts = part.feed->counts();
    images += counts.predicted;
    dropped += counts.dropped;
    away += counts.away ? 1 : 0;
  }
  std::string words = fmt::format("{} sources  {} images  {:.1f} images/s", parts_.size(), images,
                                  static_cast<double>(images) / secondsSince(begin_));
  if (dropped > 0) words += fmt::format("  {} dropped", dropped);
  if (away > 0) words += fmt::format("  {} gone", away);
  progress_.update(-1, words);
}

std::string describe(const FeedCounts& counts, double rate) {
  std::string text = fmt::format("{} frames, {:.1f} frames/s", counts.predicted, rate);
  if (counts.dropped > 0) text += fmt::format(", {} dropped", counts.dropped);
  if (counts.failed > 0) text += fmt::format(", {} failed", counts.failed);
  if (counts.losses > 0) text += fmt::format(", gone {} {}", counts.losses, counts.losses == 1 ? "time" : "times");
  return text;
}

/// `seconds`: since the last time.
void Together::showStatus(double seconds) {
  progress_.clear();
  for (Part& part : parts_) {
    const FeedCounts counts = part.feed->counts();
    const double rate = static_cast<double>(counts.predicted - part.shown) / seconds;
    part.shown = counts.predicted;
    const char* state = counts.ended ? "; ended" : counts.away ? "; not there now" : "";
    spdlog::info("{}: {}{}", part.feed->source().name, describe(counts, rate), state);
  }
}

void Together::showEnd() {
  const double seconds = secondsSince(begin_);
  for (const Part& part : parts_) {
    const FeedCounts counts = part.feed->counts();
    spdlog::info("{}: {}: {}", part.feed->source().name,
                 describe(counts, static_cast<double>(counts.predicted) / seconds),
                 summary_.objectsOf(part.feed->source()));
  }
  const trtyolo::PoolMetrics metrics = pool_.base().metrics();
  spdlog::info("{} images of {} sources in {:.2f} s: {:.1f} images/s, {:.1f} a run", summary_.images(), parts_.size(),
               seconds, static_cast<double>(summary_.images()) / seconds, metrics.meanBatch());
  spdlog::info("an image waits {:.1f} ms and has its result after {:.1f} ms (p99 {:.1f})", metrics.wait.median,
               metrics.whole.median, metrics.whole.p99);
}

}  // namespace

bool isTogether(const PredictOptions& options, const std::vector<Source>& sources) {
  const auto count = [&](auto... kinds) {
    return std::count_if(sources.begin(), sources.end(),
                         [&](const Source& source) { return ((source.kind == kinds) || ...); });
  };
  const auto picture = std::find_if(sources.begin(), sources.end(),
                                    [](const Source& source) { return source.kind == SourceKind::Picture; });
  if (options.together && picture != sources.end()) {
    throw UsageError("--together takes videos, cameras and streams; '" + picture->name + "' is a picture");
  }
  if (options.together) return true;
  const bool endless = count(SourceKind::Camera, SourceKind::Stream) > 0;
  return endless && sources.size() > 1 && picture == sources.end() && !options.show;
}

int predictTogether(const PredictOptions& options, const std::vector<Source>& sources) {
  return Together(options, sources).run();
}

}  // namespace app
