// Engines built from ONNX files, kept from run to run.
#pragma once

#include <string>

#include "runtime/model_source.hpp"
#include "runtime/options.hpp"

namespace trtyolo::tensorrt {

// The engine for `onnx` under these options: from the cache, or built now and put there, which can take minutes and is
// said in the log. Returns the path of its plan.
//
// The cache is the folder TRTYOLO_CACHE, else trtyolo in XDG_CACHE_HOME, else ~/.cache/trtyolo. A plan's name has the
// file's content (and that of the files beside it that hold its weights), the kind of GPU, TensorRT's version, the way
// of building and the options in it, so a stale one is never found. Of threads and processes that ask for the same one
// builds, and the others wait for it. Throws what build() throws.
std::string cachedEngine(const ModelSource& onnx, const EngineOptions& options);

// Removes a plan of the cache that cannot be loaded, and logs it.
void dropFromCache(const std::string& plan);

}  // namespace trtyolo::tensorrt
