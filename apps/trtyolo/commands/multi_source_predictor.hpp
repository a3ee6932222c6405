// predict with all sources at once.
#pragma once

#include <vector>

#include "commands/predict_options.hpp"
#include "input/sources.hpp"

namespace app {

/// Whether the sources are to be predicted at once: if the options say so, or if there are several and one of them
/// never ends.
/// @throws UsageError  the options say so, and there is a source that is an image
bool predictsAllAtOnce(const PredictOptions& options, const std::vector<Source>& sources);

/// Reads every source in a thread of its own, predicts them through one pool, and writes the results of each in its
/// order. Returns the exit status.
int predictAllAtOnce(const PredictOptions& options, const std::vector<Source>& sources);

}  // namespace app
