// How rows of streams are measured: as fast as they go, and at their time.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>

#include "measure.hpp"

namespace bench {

/// A row of job.n streams: {"row": {...}}. `ask` reaches a process that has loaded it.
///
/// As fast as they go, in slices as measure() has them: "frames_per_s", "ratio", "decoder_frames_per_s" (the same
/// readers without a model), "limit_frames_per_s", "network_images_per_s". Then with each frame at its time ("fps" a
/// second): "p50_ms", "p99_ms" from when it was due until its result, "late_p99_ms" until it was read, "behind"
/// (streams that fell behind). "decoder_share" and "network_share" are what the frames that are due take of these, and
/// "cpu_share" what the processor's cores were busy.
nlohmann::ordered_json measureStreams(const Ask& ask, const Job& job, double seconds,
                                      const std::function<void(double)>& onProgress, bool sharesCores);

/// The row of the most streams that fit, of kMostStreams at most: with a p99 of at most `limit` milliseconds, and none
/// that falls behind. Their number is doubled until they do not fit, then halved between, to a thirty-second part. It
/// has "limit_p99_ms" and, if there is a number that does not fit, that: "full_at", with "full_p99_ms", "full_behind"
/// and "full_first": "decoder", "network" or "processor", that of which these streams take the largest share.
/// @throws std::runtime_error  one alone does not fit
nlohmann::ordered_json mostStreams(const Ask& ask, Job job, double limit, double seconds,
                                   const std::function<void(double)>& onProgress, bool sharesCores);

inline constexpr int kMostStreams = 1024;

}  // namespace bench
