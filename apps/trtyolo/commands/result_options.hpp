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
  std::optional<int> most;           ///< objects in an image
  std::vector<std::string> classes;  ///< as given: numbers and names with commas between them
  bool agnostic = false;
  std::optional<int> topK;  ///< classes that a classifier gives
  bool networkMasks = false;
};

/// Adds them all to `command`, under "Objects" in its help. Options that are added later stand there, too, unless their
/// group is set.
void addResultOptions(CLI::App& command, ResultOptions& options);

/// The same for the library, but for the classes, which need a model's names.
void apply(const ResultOptions& options, trtyolo::InferOption& option);

/// The classes that are to be kept; none if all are. A name may have commas and spaces in it; capitals do not matter
/// where no other name is spelled like it.
/// @throws UsageError  says which word is no class, and the names that are like it
std::vector<int> classesOf(const ResultOptions& options, const trtyolo::ClassNames& names);

/// What to say of options that were given and mean nothing to a model of this task; empty if there is none.
std::string idleOptions(const ResultOptions& options, trtyolo::Task task);

}  // namespace app
