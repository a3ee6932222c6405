// The command predict at work: its steps, and how they work together.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "commands/predict_options.hpp"
#include "draw/window.hpp"
#include "input/pixel_budget.hpp"
#include "input/reader.hpp"
#include "input/sources.hpp"
#include "pipeline/pipeline.hpp"
#include "pipeline/source_tracker.hpp"
#include "terminal/progress.hpp"
#include "terminal/summary.hpp"
#include "trtyolo.hpp"
#include "trtyolo/media.hpp"
#include "view/view.hpp"
#include "writers/output_names.hpp"
#include "writers/result_writer.hpp"
#include "writers/video_writer.hpp"

namespace app {

/// A model and its clones, and what decodes for them.
struct Clones {
  std::shared_ptr<trtyolo::MediaDecoder> decoder;
  std::vector<std::unique_ptr<trtyolo::Model>> models;
  std::vector<std::unique_ptr<trtyolo::Model>> then;  ///< of the second model, one for each; none without one
};

/// Loaded with all that the command line asks for; lives as long as predict runs.
class PredictCommand {
 public:
  /// `clones`: those that are there already, for one PredictCommand at a time; null: it loads its own.
  PredictCommand(const PredictOptions& options, const std::vector<Source>& sources,
                 std::shared_ptr<Clones> clones = nullptr);

  /// Once. Returns the exit status.
  int run();
  /// After run().
  const Summary& summary() const { return *summary_; }

 private:
  bool read(Batch& batch);
  void decode(Batch& batch);
  void decode(Item& item, std::size_t reserved) const;
  void prepareInput();
  void track(Batch& batch);
  void drawAndSave(Batch& batch) const;
  bool write(Batch& batch);
  void end();
  trtyolo::Model& model() const { return *clones_->models.front(); }

  const PredictOptions& options_;
  const std::vector<Source>& sources_;
  OutputNames names_;
  std::unique_ptr<View> view_;  ///< null: nobody looks
  std::optional<Window> window_;
  std::shared_ptr<Clones> clones_;
  std::size_t batch_ = 1;
  std::optional<trtyolo::SliceOption> slices_;
  std::optional<ResultWriter> results_;
  std::unique_ptr<VideoWriter> video_;
  std::atomic<bool> stopped_{false};  ///< nothing more is to be read
  std::optional<PixelBudget> budget_;
  InputSettings input_;
  bool modelDecodesJpegs_ = false;
  std::optional<Reader> reader_;
  TrackSettings tracks_;
  std::optional<SourceTracker> tracker_;  ///< of the source that `tracked_` is
  const Source* tracked_ = nullptr;
  std::optional<Summary> summary_;
  std::optional<Progress> progress_;
  long expected_ = 0;  ///< images in all; 0 if not known
};

}  // namespace app
