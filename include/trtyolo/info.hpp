// What is known of a model, of its speed and its memory, and of this library.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "api.hpp"
#include "options.hpp"
#include "results.hpp"

namespace trtyolo {

/// An input or output of the network.
struct TRTYOLO_API TensorInfo {
  std::string name;        ///< name in the file
  std::string type;        ///< element type: "f32", "i32", ...
  std::vector<int> shape;  ///< -1 where dynamic
};

/// What is known of a model; see Model::info() and inspect().
struct TRTYOLO_API ModelInfo {
  std::string file;           ///< path as given
  std::size_t fileBytes = 0;  ///< size of the file, weights of an OpenVINO IR included
  Task task = Task::Detect;   ///< what the network is for
  ClassNames names;  ///< of all classes; empty where the file has none and the outputs do not tell their number
  std::vector<TensorInfo> inputs, outputs;         ///< of the network, in its order
  int networkWidth = 0, networkHeight = 0;         ///< pixels of the network's input (the largest, for dynamic models)
  int stride = 32;                                 ///< coarsest stride, pixels
  int batch = 1;                                   ///< most images in one run
  int keypoints = 0;                               ///< points of an object, of pose estimators
  int keypointDims = 0;                            ///< values of a point: 2 (x, y) or 3 (x, y, confidence)
  bool dynamicBatch = false, dynamicSize = false;  ///< whether the batch, and height and width, may vary
  std::string backend;                             ///< "openvino" or "tensorrt"
  std::string device;                              ///< full name of the processor, or of the GPU with its number
  std::string precision;                           ///< arithmetic asked for: "f32", "f16", "bf16" or "auto"
  std::string layout;                              ///< how the outputs are read, in words
  std::string head;      ///< how much of the network runs, in words: "cut ..." or "whole: " and why; setHead()
  std::string family;    ///< whose conventions are followed: "ultralytics", "yolox", ...; see InferOption::setFamily()
  std::string evidence;  ///< what told the family, in words: metadata is sure, names are likely, shapes alone a guess
  std::map<std::string, std::string> metadata;  ///< everything that the file says of itself, but for its self-test
  std::string selfTest;  ///< how many images its self-test has, and where it was made, in words; empty if it has none
};

/// Reads a model file and says what it is, without making it ready to run. Any thread.
/// @throws ModelError  as Model::load() does, but outputs that are not understood are shown as they are
TRTYOLO_API ModelInfo inspect(const std::string& file, const InferOption& option = {});

/// "trtyolo 0.1.0".
TRTYOLO_API const char* version();
/// Backends built in, with their versions: {{"openvino", "2026.4.1"}}.
TRTYOLO_API std::map<std::string, std::string> backends();

/// The heading of what Result::toCsv() writes for this model, ending in "\n"; `times`: with its column `time`;
/// `tracks`: with its column `track`, which results have that a tracker has seen.
TRTYOLO_API std::string csvHeader(const ModelInfo& model, bool times = false, bool tracks = false);

/// Speed of the bare network; see Model::measureNetwork().
struct TRTYOLO_API NetworkSpeed {
  double seconds = 0;             ///< wall time from the first start to the last end
  std::vector<double> latencies;  ///< milliseconds of each run, in order of completion
};

/// A percentile of such latencies, or of any values in any order; `percent` from 0 to 100, 50 is the median. Linear
/// between the two nearest ranks, as NumPy's default is.
/// @throws std::invalid_argument  there are no values, or `percent` is out of range
TRTYOLO_API double percentile(std::vector<double> values, double percent);

/// Where the time of predict() goes: medians over calls, in milliseconds of a whole call; see Model::timing().
struct TRTYOLO_API Timing : StageTimes {
  std::size_t calls = 0;  ///< how many were measured
  double total = 0;       ///< the whole call
};

/// Memory of an engine and of all models and clones on it together, in bytes; see Model::memory(). On a GPU that of
/// the device, as it was asked for: the driver rounds up, and keeps the kernels' code and something for each stream
/// besides. On a CPU only the `buffers` of clones that have run are known, which are in ordinary memory; what else
/// OpenVINO takes is 0 here.
struct TRTYOLO_API MemoryUse {
  std::size_t engine = 0;    ///< the weights and what the backend keeps with them, once for all clones
  std::size_t contexts = 0;  ///< what the backend keeps for each of the `executors`, without scratch
  std::size_t scratch = 0;   ///< what networks need only while they run: intermediate results, workspace
  std::size_t buffers = 0;   ///< inputs and outputs; on a GPU also the images on their way, decoding and results
  std::size_t pinned = 0;    ///< page-locked host memory: images and results on their way
  int executors = 0;         ///< what calls run on; on a GPU as many as there were calls at once, on a CPU one a clone

  /// Of several engines together.
  MemoryUse& operator+=(const MemoryUse& other) {
    engine += other.engine;
    contexts += other.contexts;
    scratch += other.scratch;
    buffers += other.buffers;
    pinned += other.pinned;
    executors += other.executors;
    return *this;
  }
  /// All but `pinned`.
  std::size_t total() const { return engine + contexts + scratch + buffers; }
};

}  // namespace trtyolo
