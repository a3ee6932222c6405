// The options of predict, and what is made of them.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model_options.hpp"
#include "result_options.hpp"
#include "sources.hpp"
#include "trtyolo.hpp"
#include "writer.hpp"

namespace app {

/// What the command line says; see the help of each.
struct PredictOptions {
  std::string model;
  std::vector<std::string> sources;
  ModelOptions loading;
  std::optional<int> clones;
  ResultOptions results;
  std::string save, json, csv, saveText;
  bool saveConfidence = false, show = false, quiet = false;
  bool together = false;
  std::string late = "drop";
  double giveUp = 0, status = 10;  ///< seconds

  bool keepsPictures() const { return !save.empty() || show; }
};

/// Adds them all, and the words at the end of the help.
void addPredictOptions(CLI::App& command, PredictOptions& options);

/// @throws UsageError  they contradict each other
void checkUsage(const PredictOptions& options);

/// The files that the options ask for, but for pictures and videos. Makes the folders.
/// @throws std::runtime_error  names the file or folder that cannot be made
std::vector<std::unique_ptr<Writer>> makeWriters(const PredictOptions& options, const trtyolo::ModelInfo& model,
                                                 const std::vector<Source>& sources);

}  // namespace app
