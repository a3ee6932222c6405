// The second model of predict: --then.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

#include "commands/model_options.hpp"
#include "trtyolo.hpp"

namespace app {

/// What the command line says of it.
struct ThenOptions {
  std::string model;  ///< empty: there is none
  std::optional<float> margin;

  bool given() const { return !model.empty(); }
  trtyolo::CropOption crop() const { return {margin.value_or(0.1F)}; }
};

/// Adds them to `command`, in a group of its own.
void addThenOptions(CLI::App& command, ThenOptions& options);

/// The second model, on the device of the first one and with its precision; `streams` as for that one.
/// @param gpu    the GPU of the first model, if it is on one
/// @throws UsageError  it cannot follow the first one, or an option makes no sense for it
trtyolo::Model loadThenModel(const ThenOptions& options, const ModelOptions& loading, const trtyolo::ModelInfo& first,
                             std::optional<int> gpu, int streams);

}  // namespace app
