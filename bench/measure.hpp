// How a row of bench is measured: in a fresh process, or several, that alternate between predict() and the bare
// network.
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "child.hpp"
#include "source_image.hpp"
#include "subject.hpp"

namespace bench {

/// Bench was interrupted.
class Interrupted : public std::exception {};

/// What a command was answered with.
/// @throws Interrupted
/// @throws std::runtime_error  it failed
using Ask = std::function<nlohmann::ordered_json(const std::string& command)>;

/// The commands of processes that measure, a line each, and what each is answered with, a line of JSON:
///   describe                                   what describe() says
///   start GPU...                               true: see startGpu()
///   load KIND N host|pinned|gpu INDEX gpu|cpu|fast GPUS  true. INDEX is that of the process's first GPU; see Job
///   streams N                                  true: see Subject::setStreams()
///   predict SECONDS, network SECONDS, decode SECONDS  a Speed: see Subject
///   paced SECONDS                              what Subject::paced() says
///   memory, work                               parts of the row: see Subject
/// What goes wrong is answered with {"error": "..."}. `image` gives that of rows of a kind, and the first row's of "".
void serve(const Settings& settings, const std::function<SourceImage(const std::string& kind)>& image);

/// What all rows have in common: "task", "classes" (how many), "precision", "network" and "image" (width, height),
/// "batch", "backend", "device".
nlohmann::ordered_json describe(const Settings& settings, const SourceImage& image);

/// Processes that serve().
class Workers {
 public:
  explicit Workers(int count, std::function<bool()> interrupted);

  /// Tells all, then hears all. Their speeds are added up as those of the same time, memory (keys that end in "_mb")
  /// is added up, too, and of times (in "_ms") the mean is taken; all else is what the first one says.
  nlohmann::ordered_json ask(const std::string& command) const;
  /// The same with a command for each, by its number.
  nlohmann::ordered_json ask(const std::function<std::string(std::size_t)>& command) const;

 private:
  std::vector<std::unique_ptr<Child>> children_;
  std::function<bool()> interrupted_;
};

/// A row, and the row of the bare network that stands beside it: {"row": {...}, "network": {...}}. `ask` reaches
/// processes that have loaded what is measured. `onProgress` is told the share that is done, 0 to 1.
///
/// The bare network is measured in short slices that alternate with slices of the row, so that both meet the same
/// machine: "ratio" is the median of the slices' ratios of images a second. "p50_ratio" is that of all calls' medians.
/// "preprocess_ms", "inference_ms" and "postprocess_ms" are the parts of a call of predict() (medians),
/// "postprocess_ratio" the last over the second. Of the kind "network" the two are one, and only "row" is there.
/// Encoded images and streams have a third that takes turns, what decodes alone ("decoder_images_per_s"): "ratio" is
/// against the slower of the two. Where both take the processor's cores `sharedCores` is the share of them that
/// decoders keep busy when alone, all is 1, and "ratio" is against what the work of both allows. "limit_images_per_s"
/// is that. "cpu_ms" is the time of the processor, of all its cores, that an image took, "alone_cpu_ms" what one took
/// of decoder and bare network together: what other programs take is in neither.
///
/// Memory is that of the processes. On a GPU "gpu_mb" is the sum of "gpu_engine_mb", "gpu_contexts_mb",
/// "gpu_scratch_mb" and "gpu_buffers_mb" (see trtyolo::MemoryUse), and "pinned_mb" and "executors" stand beside them;
/// on a CPU it is 0, and the others are not there. Of clones "idle_clone_mb" is what each but the first took before it
/// ran, and "clone_mb" what it takes at work: of GPU memory as the driver says, on a CPU of the process.
nlohmann::ordered_json measure(const Ask& ask, const Job& job, double seconds,
                               const std::function<void(double)>& onProgress, double sharedCores = 0);

/// Without long tails of digits.
nlohmann::ordered_json rounded(nlohmann::ordered_json row);

}  // namespace bench
