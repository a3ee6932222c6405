// The command bench.
#pragma once

#include "command.hpp"

namespace app {

/// Adds bench, which measures a model: the bare network, one model, clones, separate models, processes, a pool. Besides
/// adds bench-worker, which bench runs for itself, once for each row, and help does not show: it measures one row and
/// prints what it found as JSON, a line at a time.
void addBench(CLI::App& program, std::vector<Command>& commands);

}  // namespace app
