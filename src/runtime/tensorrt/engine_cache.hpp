// Engines built from ONNX files, kept from run to run.
#pragma once

#include <string>

#include "runtime/model_source.hpp"
#include "runtime/options.hpp"
#include "runtime/tensorrt/builder.hpp"

namespace trtyolo::tensorrt {

// An engine of the cache, or where there is no cache what was built.
struct CachedEngine {
  std::string file;  // of its plan; empty: there is no cache
  BuiltPlan built;   // then this
};

// The engine for `onnx` under these options: from the cache, or built now and put there, which can take minutes and is
// said in the log. Where no folder is this user's own (see openCacheFolder(); the log says why) it is built each time.
//
// A plan's name has a hash (SHA-256) of the file's content (and that of the files beside it that hold its weights), the
// kind of GPU, TensorRT's version, the way of building and the options in it, so a stale one is never found. Of threads
// and processes that ask for the same one builds, and the others wait for it. Throws what build() throws.
CachedEngine cachedEngine(const ModelSource& onnx, const EngineOptions& options);

// Removes a plan of the cache that cannot be loaded, and logs it.
void dropFromCache(const std::string& plan);

}  // namespace trtyolo::tensorrt
