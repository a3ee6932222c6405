// The options of predict that follow and count objects.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/source_tracker.hpp"

namespace app {

/// The confidence of models with a tracker, which uses objects of low scores, too: that of Ultralytics' track().
inline constexpr float kTrackConfidence = 0.1F;

/// What the command line says of it.
struct TrackOptions {
  std::optional<std::string> tracker;     ///< as trtyolo::trackerKindOf() takes it
  std::vector<std::string> lines, zones;  ///< as given: NAME=x1,y1,x2,y2 and NAME=x,y;x,y;...

  bool any() const { return tracker || !lines.empty() || !zones.empty(); }
};

/// Adds them all, under "Tracks" in the help. Options that are added later stand there, too, unless their group is set.
void addTrackOptions(CLI::App& command, TrackOptions& options);

/// What they ask for of each source; `drawn`: in pictures, too.
/// @throws UsageError  they contradict each other, or a line or a zone is none
TrackSettings trackSettings(const TrackOptions& options, bool drawn);

/// @throws UsageError  the options need boxes, and models of this task give none
void checkTask(const TrackOptions& options, trtyolo::Task task);

}  // namespace app
