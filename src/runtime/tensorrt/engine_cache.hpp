// Engines built from ONNX files, kept from run to run.
#pragma once

#include <string>

#include "runtime/options.hpp"

namespace trtyolo::tensorrt {

// The engine for `onnx` under these options: from the cache, or built now and put there, with a line on standard error
// that says so, since it takes its time. Gives the path of its plan.
//
// The cache is the folder TRTYOLO_CACHE, else trtyolo in XDG_CACHE_HOME, else ~/.cache/trtyolo. A plan's name has the
// file's content (and that of the files beside it that hold its weights), the kind of GPU, TensorRT's version, the way
// of building and the options in it, so a stale one is never found. Of threads and processes that ask for the same one
// builds, and the others wait for it, with a line that says so. Throws what build() throws.
std::string cachedEngine(const std::string& onnx, const EngineOptions& options);

// Removes a plan of the cache that cannot be loaded, with a line on standard error that says so.
void dropFromCache(const std::string& plan);

}  // namespace trtyolo::tensorrt
