// The command bench of the programs trtyolo and trtyolo-bench.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "encoded.hpp"
#include "source_image.hpp"

namespace bench {

/// What the program adds.
struct Frontend {
  std::string sources;                                                   ///< what readImage takes, for the help
  ImageReader readImage;                                                 ///< of --source
  std::function<void(const std::string&)> message;                       ///< one line for those who wait
  std::function<void(double share, const std::string& words)> progress;  ///< 0 to 1; below 0: wipe it
  std::function<bool()> interrupted;
  PredictFiles predictFiles;  ///< null: the program has no command predict
};

/// Adds what bench takes to `command`, and gives what runs it and returns the exit status. For each row of its table it
/// starts this program again, with the same command line (child.hpp).
std::function<int()> addBench(CLI::App& command, Frontend frontend);

}  // namespace bench
