// The options of predict, and what is made of them.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "commands/model_options.hpp"
#include "commands/result_options.hpp"
#include "commands/then_options.hpp"
#include "commands/track_options.hpp"
#include "commands/view_options.hpp"
#include "input/sources.hpp"
#include "trtyolo.hpp"
#include "writers/result_writer.hpp"

namespace app {

/// What the command line says; see the help of each.
struct PredictOptions {
  std::string model;
  std::vector<std::string> sources;
  ModelOptions loading;
  std::optional<int> clones;
  std::string devices;  ///< as devicesOf() takes it; empty: the one of `loading`
  ResultOptions results;
  TrackOptions tracks;
  ThenOptions then;
  ViewOptions view;
  std::string save, json, csv, saveText;
  bool saveConfidence = false, show = false, quiet = false, fastDecode = false;
  bool together = false;
  // Of slices: pixels of a side, and the share of it that neighbours have in common.
  std::optional<int> slice;
  std::optional<double> overlap;
  std::string late = "drop";
  std::optional<double> giveUp;  ///< seconds
  std::size_t pixelMemory = 0;   ///< MiB; 0: a share of what there is
  double status = 10;            ///< seconds

  std::size_t pixelBytes() const { return pixelMemory << 20U; }
  /// Whether all images are annotated.
  bool keepsImages() const { return !save.empty() || show; }
  /// Whether somebody looks, so that work is worth it also where no results are written.
  bool isWatched() const { return keepsImages() || view.given(); }
};

/// Adds them all, and the words at the end of the help.
void addPredictOptions(CLI::App& command, PredictOptions& options);

/// How images are cut into slices; nothing if they are not.
/// @throws UsageError  the model's task has no objects
std::optional<trtyolo::SliceOption> slicesOf(const PredictOptions& options, const trtyolo::ModelInfo& model);

/// @throws UsageError  they contradict each other
void checkUsage(const PredictOptions& options);

/// The model, with `streams` on a CPU unless the options say how many, and a decoder of the images that it is given as
/// bytes, if any. Warns of options without effect on it.
/// @throws UsageError  an option makes no sense for this model
trtyolo::Model loadModel(const PredictOptions& options, int streams,
                         std::shared_ptr<trtyolo::ImageDecoder> decoder = nullptr);

/// The GPUs that --devices names; empty: the one of --device, or the CPU.
/// @throws UsageError  it contradicts other options
std::vector<int> gpusOf(const PredictOptions& options);

/// The GPU that the model is on; nothing if it is on the CPU.
std::optional<int> gpuOf(const PredictOptions& options, const trtyolo::Model& model);

/// The files that the options ask for, except images and videos.
/// @throws UsageError  there are no such files for this model
ResultFiles resultFiles(const PredictOptions& options, const trtyolo::ModelInfo& model,
                        const std::vector<Source>& sources);

}  // namespace app
