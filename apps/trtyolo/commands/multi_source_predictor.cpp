// predict with all sources at once: see multi_source_predictor.hpp.
#include "commands/multi_source_predictor.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "commands/command.hpp"
#include "pipeline/source_tracker.hpp"
#include "pipeline/step_tools.hpp"
#include "pipeline/stream_source.hpp"
#include "terminal/interrupt.hpp"
#include "terminal/printable.hpp"
#include "terminal/progress.hpp"
#include "terminal/reason.hpp"
#include "terminal/summary.hpp"
#include "trtyolo/pool.hpp"
#include "view/view.hpp"
#include "writers/image_writer.hpp"
#include "writers/output_names.hpp"
#include "writers/result_writer.hpp"
#include "writers/video_writer.hpp"

namespace app {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kBeingWritten = 2;                    // frames of a source that are being drawn or written
constexpr auto kInterval = std::chrono::milliseconds(100);  // between two checks of the sources

double secondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

trtyolo::PoolOption poolOption(const PredictOptions& options) {
  trtyolo::PoolOption option;
  option.contexts = options.clones.value_or(0);
  if (const std::vector<int> gpus = gpusOf(options); !gpus.empty()) option.devices = gpus;
  return option;
}

std::vector<std::string> namesOf(const std::vector<Source>& sources) {
  std::vector<std::string> names;
  names.reserve(sources.size());
  for (const Source& source : sources) names.push_back(source.name);
  return names;
}

/// Whether no thread takes results of the source any more.
bool isAtRest(const StreamSource& stream) {
  return stream.counts().ended || (interrupted() && stream.isIdle());
}

class MultiSourcePredictor {
 public:
  MultiSourcePredictor(const PredictOptions& options, const std::vector<Source>& sources);

  int run();

 private:
  struct SourceState {
    std::unique_ptr<VideoWriter> video;
    std::unique_ptr<SourceTracker> tracker;  ///< null: nothing is followed or counted
    long shown = 0;                          ///< frames at the time of the last status
    std::unique_ptr<StreamSource> stream;
  };

  void take(Item& item, std::size_t source);
  void start();
  bool ended() const;
  long images() const;
  void updateView();
  void showProgress();
  void showStatus(double seconds);
  void showEnd();
  int end();

  const PredictOptions& options_;
  const std::vector<Source>& sources_;
  std::unique_ptr<View> view_;  ///< with a feed for each source; null: nobody looks
  trtyolo::Model model_;
  trtyolo::Pool<> pool_;
  std::optional<trtyolo::Pool<>> thenPool_;  ///< of the second model, if there is one
  PixelBudget budget_;
  OutputNames names_;
  Progress progress_;

  std::mutex writing_;  ///< of the results and the summary
  ResultWriter results_;
  Summary summary_;
  std::atomic<bool> wanted_{true};  ///< there is somewhere to write results to

  Clock::time_point begin_ = Clock::now();
  std::vector<SourceState> states_;  ///< last: their threads use the rest
};

MultiSourcePredictor::MultiSourcePredictor(const PredictOptions& options, const std::vector<Source>& sources)
    : options_(options),
      sources_(sources),
      view_(makeView(options.view, options.quiet, options.model, namesOf(sources))),
      model_(loadModel(options, 0)),  // as many streams as suit the machine
      pool_(model_, poolOption(options)),
      budget_(options.pixelBytes()),
      names_(options.save, sources),
      progress_(!options.quiet),
      results_(resultFiles(options, model_.info(), sources), model_.info()),
      summary_(model_.info()) {
  if (options.then.given()) {
    const trtyolo::Model then = loadThenModel(options.then, options.loading, model_.info(), gpuOf(options, model_), 0);
    thenPool_.emplace(then, poolOption(options));
  }
}

int MultiSourcePredictor::run() {
  const GracefulEnd graceful;
  start();
  Clock::time_point last = Clock::now();
  bool stopped = false;
  while (!ended()) {
    std::this_thread::sleep_for(kInterval);
    if ((interrupted() || !wanted_) && !std::exchange(stopped, true)) {
      for (const SourceState& state : states_) state.stream->stop();
    }
    if (view_) updateView();
    showProgress();
    if (options_.status > 0 && secondsSince(last) >= options_.status) {
      showStatus(secondsSince(last));
      last = Clock::now();
    }
  }
  return end();
}

/// Completes the files and gives the exit status. After a signal the process ends here: a thread may wait for the
/// look-up of a host's name.
int MultiSourcePredictor::end() {
  const std::lock_guard lock(writing_);
  results_.finish();
  bool failed = results_.failed() || summary_.errors() > 0 || summary_.unsaved() > 0;
  for (const SourceState& state : states_) {
    if (state.video) state.video->finish();
    failed = failed || (state.video && state.video->failed());
  }
  progress_.clear();
  if (!results_.isLost() || !results_.readerIsGone()) showEnd();
  if (interrupted()) leave(interruptStatus());
  for (const SourceState& state : states_) {
    try {
      state.stream->rethrow();
    } catch (const std::exception& error) {
      spdlog::error("{}: {}", oneLine(state.stream->source().name), reasonOf(error));
      failed = true;
    }
  }
  if (results_.readerIsGone()) return kReaderGone;
  return failed ? kFailed : kDone;
}

void MultiSourcePredictor::start() {
  StreamSettings settings;
  settings.maxInFlight = std::max<std::size_t>(1, pool_.inFlight() / sources_.size()) + kBeingWritten;
  settings.dropLate = options_.late == "drop";
  settings.input = {&budget_, {}, gpuOf(options_, model_), options_.keepsImages()};
  settings.giveUp = options_.giveUp.value_or(0);
  const std::vector<int> gpus = pool_.devices();
  const TrackSettings tracks = trackSettings(options_.tracks, options_.isWatched());
  states_.resize(sources_.size());
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    SourceState& state = states_[i];
    if (!options_.save.empty()) state.video = makeVideoWriter();
    if (tracks.any()) state.tracker = std::make_unique<SourceTracker>(tracks);
    if (!gpus.empty()) settings.input.gpu = gpus[i % gpus.size()];  // which runs what it has decoded
    state.stream = std::make_unique<StreamSource>(sources_[i], names_.claim(stemOf(sources_[i]), true), pool_, settings,
                                                  [this, i](Item& item) { take(item, i); });
  }
}

/// Called by the threads of the sources. Tracking, the second model, drawing and video writing run in parallel, the
/// rest does not.
void MultiSourcePredictor::take(Item& item, std::size_t source) {
  SourceState& state = states_[source];
  if (state.tracker) withErrors(item, [&] { state.tracker->update(item); });
  if (thenPool_) {
    withErrors(item, [&] { item.then = predictCrops(*thenPool_, item.view(), item.result, options_.then.crop()); });
  }
  if (item.error.empty() && state.video) {
    item.saveAs = names_.saveAs(item);
    drawAndSave(item);
    state.video->add(item);
  }
  if (!view_) item.releaseImage();
  {
    const std::lock_guard lock(writing_);
    results_.add(item);
    summary_.add(item);
    wanted_ = !results_.isLost() || options_.isWatched();
  }
  if (view_) view_->feed(source).put(std::move(item));
}

bool MultiSourcePredictor::ended() const {
  return std::all_of(states_.begin(), states_.end(), [](const SourceState& state) { return isAtRest(*state.stream); });
}

long MultiSourcePredictor::images() const {
  long count = 0;
  for (const SourceState& state : states_) count += state.stream->counts().predicted;
  return count;
}

void MultiSourcePredictor::updateView() {
  for (std::size_t i = 0; i < states_.size(); ++i) {
    const StreamCounts counts = states_[i].stream->counts();
    view_->feed(i).setLink(counts.ended ? Feed::Link::Ended : counts.away ? Feed::Link::Away : Feed::Link::There);
  }
}

void MultiSourcePredictor::showProgress() {
  long dropped = 0;
  std::size_t away = 0;
  for (const SourceState& state : states_) {
    const StreamCounts counts = state.stream->counts();
    dropped += counts.dropped;
    away += counts.away ? 1 : 0;
  }
  const long done = images();
  std::string words = fmt::format("{} sources  {} images  {:.1f} images/s", states_.size(), done,
                                  static_cast<double>(done) / secondsSince(begin_));
  if (dropped > 0) words += fmt::format("  {} dropped", dropped);
  if (away > 0) words += fmt::format("  {} gone", away);
  progress_.update(-1, words);
}

std::string describe(const StreamCounts& counts, double rate) {
  std::string text = fmt::format("{} frames, {:.1f} frames/s", counts.predicted, rate);
  if (counts.dropped > 0) text += fmt::format(", {} dropped", counts.dropped);
  if (counts.failed > 0) text += fmt::format(", {} failed", counts.failed);
  if (counts.losses > 0) text += fmt::format(", gone {} {}", counts.losses, counts.losses == 1 ? "time" : "times");
  return text;
}

/// `seconds`: since the last time.
void MultiSourcePredictor::showStatus(double seconds) {
  progress_.clear();
  for (SourceState& state : states_) {
    const StreamCounts counts = state.stream->counts();
    const double rate = static_cast<double>(counts.predicted - state.shown) / seconds;
    state.shown = counts.predicted;
    const char* now = counts.ended ? "; ended" : counts.away ? "; not there now" : "";
    spdlog::info("{}: {}{}", oneLine(state.stream->source().name), describe(counts, rate), now);
  }
}

void MultiSourcePredictor::showEnd() {
  const double seconds = secondsSince(begin_);
  for (const SourceState& state : states_) {
    const StreamCounts counts = state.stream->counts();
    spdlog::info("{}: {}: {}", oneLine(state.stream->source().name),
                 describe(counts, static_cast<double>(counts.predicted) / seconds),
                 summary_.objectsOf(state.stream->source()));
  }
  const trtyolo::PoolMetrics metrics = pool_.metrics();
  spdlog::info("{} images of {} sources in {:.2f} s: {:.1f} images/s, {:.1f} a run", summary_.images(), states_.size(),
               seconds, static_cast<double>(summary_.images()) / seconds, metrics.meanBatch());
  if (gpuOf(options_, model_)) spdlog::info("{}", summary_.decodedText());
  spdlog::info("an image waits {:.1f} ms and has its result after {:.1f} ms (p99 {:.1f})", metrics.queueTime.median,
               metrics.latency.median, metrics.latency.p99);
}

}  // namespace

bool predictsAllAtOnce(const PredictOptions& options, const std::vector<Source>& sources) {
  const auto count = [&](auto... kinds) {
    return std::count_if(sources.begin(), sources.end(),
                         [&](const Source& source) { return ((source.kind == kinds) || ...); });
  };
  const auto image = std::find_if(sources.begin(), sources.end(),
                                  [](const Source& source) { return source.kind == SourceKind::Image; });
  if (options.together && image != sources.end()) {
    throw UsageError("--together takes videos, cameras and streams; '" + image->name + "' is an image");
  }
  if (options.together) return true;
  const bool endless = count(SourceKind::Camera, SourceKind::Stream) > 0;
  return endless && sources.size() > 1 && image == sources.end() && !options.show;
}

int predictAllAtOnce(const PredictOptions& options, const std::vector<Source>& sources) {
  return MultiSourcePredictor(options, sources).run();
}

}  // namespace app
