// What the library tells of its work while it works.
#pragma once

#include "api.hpp"

namespace trtyolo {

/// Called when a part of the library's work begins, and when it ends, by the thread that does it. A thread's parts
/// nest, and end in the reverse order. They are
///   "predict"   a call of a model's predict()
///   "pool run"  a run of a pool (trtyolo/pool.hpp)
/// and in both, for each run of the network, one after the other, "preprocess", "inference" and "postprocess": see
/// StageTimes. `part`
/// stays valid. It must not throw, and not use the library.
using TraceCall = void (*)(const char* part, bool begins);

/// From now on parts that begin, in the whole process, are told to `call`. With nullptr, as in the beginning, they are
/// told to nobody on a CPU; on a GPU they are ranges of NVTX in the domain "trtyolo", for profilers such as Nsight
/// Systems, if the library was compiled where NVTX's headers are. Any thread, at any time; what `call` is must stay.
TRTYOLO_API void setTrace(TraceCall call);

/// How much a message of the log matters; see setLog().
enum class LogLevel {
  Debug,    ///< for those who look for a fault: what TensorRT says besides its warnings and errors
  Info,     ///< what takes long or happens once: an engine is being built, waited for, or was put into the cache
  Warning,  ///< the library goes on, but somebody may want to know: warnings of TensorRT, an engine that is built again
  Error,    ///< errors of TensorRT. If a call of the library fails because of one, its exception has the same words
};

/// Called with a message of the log: UTF-8 without a line end, valid during the call. Called by any thread, also by
/// threads that TensorRT has started, and by several at the same time. It must not throw, and not use the library.
using LogCall = void (*)(LogLevel level, const char* text);

/// From now on messages of the whole process go to `call`. With nullptr, as in the beginning, nobody is told: the
/// library itself writes neither to standard output nor to standard error. Any thread, at any time; what `call` is must
/// stay, since a thread may still be in it when this returns.
TRTYOLO_API void setLog(LogCall call);

}  // namespace trtyolo
