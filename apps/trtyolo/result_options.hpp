// The options with which predict and bench choose what becomes a result.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "trtyolo.hpp"

namespace app {

/// What the command line says of it; what is left empty is the library's choice.
struct ResultOptions {
  std::optional<float> confidence, iou;
  std::optional<int> most;  ///< objects in an image
  std::vector<int> classes;
  bool agnostic = false;
  std::optional<int> topK;  ///< classes that a classifier gives
  bool networkMasks = false;
};

/// Adds them all to `command`, under "Objects" in its help.
void addResultOptions(CLI::App& command, ResultOptions& options);

/// The same for the library.
void apply(const ResultOptions& options, trtyolo::InferOption& option);

/// Names, on standard error, the options that were given and mean nothing to a model of this task.
void warnOfIdleOptions(const ResultOptions& options, trtyolo::Task task);

}  // namespace app
