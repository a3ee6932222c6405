#include "runtime/tensorrt/engine_cache.hpp"

#include <filesystem>

#include "base/file_lock.hpp"
#include "base/fingerprint.hpp"
#include "base/log.hpp"
#include "base/stopwatch.hpp"
#include "cuda/devices.hpp"
#include "model/onnx_graph.hpp"
#include "runtime/cache_folder.hpp"
#include "runtime/plan_file.hpp"
#include "runtime/tensorrt/library.hpp"

namespace trtyolo::tensorrt {
namespace {

namespace fs = std::filesystem;

// Raised when the same file and options give another engine, or more is written into its file.
constexpr int kCacheVersion = 9;

// Logs every tenth of a build that a loading model waits for.
void logProgress(const std::string& onnx, BuildOption& build) {
  build.onProgress = [onnx, next = 10](const BuildProgress& progress) mutable {
    const int percent = static_cast<int>(progress.done * 100);
    if (percent >= next) {
      next = percent / 10 * 10 + 10;
      writeLog(LogLevel::Info, "building a TensorRT engine for '" + onnx + "': " + std::to_string(percent) + " %");
    }
    return true;
  };
}

// A model with a batch of its own keeps it, whatever is asked for.
bool hasOwnBatch(const ModelSource& onnx) {
  const OnnxGraph graph(onnx.content());
  const std::vector<int> sides = graph.inputs().empty() ? std::vector<int>() : graph.inputs()[0].sides();
  return !sides.empty() && sides[0] > 0;
}

BuildOption buildOptionFor(const ModelSource& onnx, const EngineOptions& options) {
  BuildOption build;
  build.precision = options.precision;
  build.deviceId = options.deviceId;
  if (options.description.batch > 1 && !hasOwnBatch(onnx)) {
    build.maxBatch = options.description.batch;
  }
  build.head = options.description.head;
  if (options.description.networkSize) {
    build.width = options.description.networkSize->width;
    build.height = options.description.networkSize->height;
  }
  return build;
}

// The content of the model's files, and what else an engine depends on.
std::string cacheKey(const ModelSource& onnx, const BuildOption& build) {
  Fingerprint key;
  for (const std::string& part :
       {onnx.fingerprint(), std::string(version()), std::to_string(kCacheVersion), Library::get().version(),
        cuda::deviceName(build.deviceId), std::string(toString(build.precision)), std::to_string(build.maxBatch),
        std::string(toString(build.head)), std::to_string(build.width), std::to_string(build.height),
        std::to_string(build.optimizationLevel)}) {
    key.add(part);
  }
  return key.text();
}

BuiltPlan buildAndLog(const ModelSource& onnx, BuildOption& build) {
  writeLog(LogLevel::Info, "building a TensorRT engine for '" + onnx.path() +
                               "'; this can take minutes ('trtyolo build' does it beforehand) ...");
  Stopwatch watch;
  logProgress(onnx.path(), build);
  BuiltPlan built = tensorrt::build(onnx, build);
  const auto tenths = static_cast<long>(watch.lap() / 100);  // of a second
  writeLog(LogLevel::Info, "built in " + std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s");
  return built;
}

}  // namespace

CachedEngine cachedEngine(const ModelSource& onnx, const EngineOptions& options) {
  BuildOption build = buildOptionFor(onnx, options);
  const CacheFolder folder = openCacheFolder();
  if (folder.path.empty()) {
    writeLog(LogLevel::Warning, "engines are not kept, and each load builds one: " + folder.whyNone);
    return {"", buildAndLog(onnx, build)};
  }
  const std::string plan = (fs::path(folder.path) / cachedEngineName(onnx.path(), cacheKey(onnx, build))).string();
  std::error_code error;
  if (fs::is_regular_file(plan, error)) {
    return {plan, {}};
  }
  const FileLock lock(plan + ".lock", [&] {
    writeLog(LogLevel::Info, "the TensorRT engine for '" + onnx.path() +
                                 "' is being built by another thread or process; waiting for it ...");
  });
  if (fs::is_regular_file(plan, error)) {
    return {plan, {}};
  }
  build.timingCache =
      (fs::path(folder.path) / timingsName(cuda::deviceName(build.deviceId), Library::get().version())).string();
  const BuiltPlan built = buildAndLog(onnx, build);
  writePlanFile(plan, {built.metadata, {built.plan.data(), built.plan.size()}});
  writeLog(LogLevel::Info, "the engine is kept in '" + plan + "'");
  return {plan, {}};
}

void dropFromCache(const std::string& plan) {
  writeLog(LogLevel::Warning, "'" + plan + "' cannot be loaded and is built anew");
  std::error_code error;
  fs::remove(plan, error);
}

}  // namespace trtyolo::tensorrt
