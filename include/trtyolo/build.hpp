// Building TensorRT engines.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "api.hpp"
#include "options.hpp"

namespace trtyolo {

/// How far the building of an engine is.
struct TRTYOLO_API BuildProgress {
  std::string phase;        ///< what TensorRT is doing, in its own words
  int step = 0, steps = 1;  ///< of that phase
  double done = 0;          ///< of all, 0 to 1; never falls. Phases take very different times
};

/// How a TensorRT engine is built.
struct TRTYOLO_API BuildOption {
  Precision precision = Precision::F32;  ///< F32 without TF32; Auto is F16, but F32 for graphs with loops or
                                         ///< conditions. Graphs in f16 and with Q/DQ nodes (INT8) keep their own types
  int deviceId = 0;                      ///< GPU that it is built on, and for
  int minBatch = 1;                      ///< fewest images in one run; models with a dynamic batch only, otherwise 1
  int optBatch = 0;                      ///< images in a run that it is tuned for; 0: `maxBatch`
  int maxBatch = 1;                      ///< most images in one run
  int width = 0, height = 0;        ///< network input of models with dynamic sizes, the largest; 0: the model's imgsz
  int minWidth = 0, minHeight = 0;  ///< the smallest; 0: only the one size
  HeadMode head =
      HeadMode::Auto;         ///< whether the network is cut behind its last convolutions, see InferOption::setHead()
  int optimizationLevel = 3;  ///< 0 (quickly built) to 5 (tried longest)
  std::size_t workspaceBytes = 0;            ///< most scratch memory a layer may take; 0: what the GPU has
  std::vector<std::string> pluginLibraries;  ///< as InferOption::setPluginLibraries(), for graphs that need plugins
  std::string timingCache;  ///< file of timings to read and to write: later builds are quicker; empty: none

  /// Called from time to time, from any thread, one at a time; false ends the building.
  std::function<bool(const BuildProgress&)> onProgress;
};

/// Builds `engine`, a TensorRT plan behind the metadata of `onnx`. Takes from seconds to many minutes. The file is
/// written beside `engine` and renamed, so that it is whole or what it was before. Any thread.
/// @throws std::invalid_argument  an option makes no sense, or `engine` is the file `onnx`
/// @throws ModelError             the model cannot be read or built as asked, or the engine not be written
/// @throws DeviceError            this machine has no GPU or no TensorRT that can be used
/// @throws Error                  onProgress ended it
TRTYOLO_API void buildEngine(const std::string& onnx, const std::string& engine, const BuildOption& option = {});

}  // namespace trtyolo
