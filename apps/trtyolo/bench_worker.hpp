// What bench measures in a process of its own: one row of its table, with the bare network beside it.
#pragma once

#include <functional>
#include <iosfwd>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "trtyolo.hpp"

namespace app {

/// What a worker process is to measure.
struct BenchJob {
  std::string kind;                   ///< "network", "model", "clones", "separate", "pool" or "processes"
  int n = 1;                          ///< requests, clones, models, callers or processes at work side by side
  std::string model;                  ///< model file
  std::optional<trtyolo::Task> task;  ///< what the model is for, see AnyModel
  trtyolo::InferOption option;        ///< how to load it, streams included
  int streams = 1;                    ///< the streams that `option` says, for the record
  std::string source;                 ///< see benchPicture()
  bool onGpu = false;                 ///< the picture is in the memory of the model's GPU, not the host's
  int gpu = 0;                        ///< its number
  std::vector<std::string> process;   ///< how this program is to be called so that it serves one of "processes"
  double seconds = 5;                 ///< time for the row, and as much again for the bare network beside it
};

/// What all rows have in common: "task", "precision", "network" (width, height), "batch", "backend", "device", and
/// "image" (width, height), besides the number of "classes".
nlohmann::ordered_json describeBench(const trtyolo::ModelInfo& info, const std::string& source);

/// Loads the model as the job says and measures it. `onProgress` is told the share that is done, 0 to 1.
///
/// Gives {"row": {...}, "network": {...}}: the row as `bench --json` has it, and "images_per_s", "p50_ms" and "p99_ms"
/// of the bare network, measured in short slices that alternate with slices of the row, so that both meet the same
/// machine. "before_ms" and "after_ms" of the row are what a call of predict() takes before and after the network
/// (medians), "after_ratio" the latter over the network's own time in the same calls. For the kind "network" the two
/// are one, and only "row" is there. Memory is that of this process: it must be a fresh one. On a GPU "gpu_mb" is the
/// sum of "gpu_engine_mb", "gpu_contexts_mb", "gpu_scratch_mb" and "gpu_buffers_mb" (see trtyolo::MemoryUse), and
/// "pinned_mb" and "executors" stand beside them; on the CPU it is 0, and the others are not there.
nlohmann::ordered_json measureBench(const BenchJob& job, const std::function<void(double)>& onProgress);

/// One of the processes of a job "processes": loads the model, and does what each line of `commands` says, until there
/// are no more; see bench_processes.hpp. `say` gets a line for each.
void serveBench(const BenchJob& job, std::istream& commands,
                const std::function<void(const nlohmann::ordered_json&)>& say);

}  // namespace app
