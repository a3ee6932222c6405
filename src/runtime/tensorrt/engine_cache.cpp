#include "runtime/tensorrt/engine_cache.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <random>
#include <sstream>

#include "base/file_lock.hpp"
#include "base/fingerprint.hpp"
#include "base/log.hpp"
#include "base/stopwatch.hpp"
#include "cuda/devices.hpp"
#include "runtime/tensorrt/builder.hpp"
#include "runtime/tensorrt/library.hpp"
#include "runtime/tensorrt/plan_file.hpp"

namespace trtyolo::tensorrt {
namespace {

namespace fs = std::filesystem;

// Raised when the same file and options give another engine, or more is written into its file.
constexpr int kCacheVersion = 4;

fs::path cacheFolder() {
  for (const auto& [variable, below] : {std::array{"TRTYOLO_CACHE", ""}, std::array{"XDG_CACHE_HOME", "trtyolo"},
                                        std::array{"HOME", ".cache/trtyolo"}}) {
    const char* folder = std::getenv(variable);
    if (folder && *folder) {
      return fs::path(folder) / below;
    }
  }
  return fs::temp_directory_path() / "trtyolo";
}

bool canMakeFilesIn(const fs::path& folder) {
  const fs::path probe = folder / (".part" + std::to_string(std::random_device()()));
  const bool made = std::ofstream(probe).is_open();
  std::error_code error;
  fs::remove(probe, error);
  return made;
}

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

BuildOption buildOptionFor(const EngineOptions& options) {
  BuildOption build;
  build.precision = options.precision;
  build.deviceId = options.deviceId;
  build.maxBatch = options.description.batch;
  if (options.description.networkSize) {
    build.width = options.description.networkSize->width;
    build.height = options.description.networkSize->height;
  }
  return build;
}

// What else an engine depends on beside the content of the model's files.
std::string cacheKey(const BuildOption& build) {
  std::ostringstream text;
  text << version() << ' ' << kCacheVersion << ' ' << Library::get().version() << ' '
       << cuda::deviceName(build.deviceId) << ' ' << toString(build.precision) << ' ' << build.maxBatch << ' '
       << build.width << 'x' << build.height << ' ' << build.optimizationLevel;
  return text.str();
}

// TensorRT's timings are those of one version on one kind of GPU.
std::string timingsName(const BuildOption& build) {
  std::string name = "timings-" + cuda::deviceName(build.deviceId) + "-" + Library::get().version();
  std::replace_if(
      name.begin(), name.end(), [](unsigned char letter) { return std::isalnum(letter) == 0 && letter != '.'; }, '-');
  return name;
}

}  // namespace

std::string cachedEngine(const ModelSource& onnx, const EngineOptions& options) {
  BuildOption build = buildOptionFor(options);
  Fingerprint fingerprint;
  fingerprint.add(onnx.fingerprint());
  fingerprint.add(cacheKey(build));
  const fs::path folder = cacheFolder();
  const fs::path plan = folder / (fs::path(onnx.path()).stem().string() + "-" + fingerprint.text() + ".engine");
  std::error_code error;
  if (fs::is_regular_file(plan, error)) {
    return plan.string();
  }
  fs::create_directories(folder, error);
  if (error) {
    throw ModelError("'" + folder.string() + "': the folder for built engines cannot be made: " + error.message() +
                     "; name another in TRTYOLO_CACHE");
  }
  const FileLock lock(plan.string() + ".lock", [&] {
    writeLog(LogLevel::Info, "the TensorRT engine for '" + onnx.path() +
                                 "' is being built by another thread or process; waiting for it ...");
  });
  if (fs::is_regular_file(plan, error)) {
    return plan.string();
  }
  if (!lock.held() && !canMakeFilesIn(folder)) {
    throw ModelError("'" + folder.string() +
                     "': the folder for built engines cannot be written; name another in TRTYOLO_CACHE");
  }
  writeLog(LogLevel::Info, "building a TensorRT engine for '" + onnx.path() +
                               "', once; this can take minutes ('trtyolo build' does it beforehand) ...");
  Stopwatch watch;
  build.timingCache = (folder / timingsName(build)).string();
  logProgress(onnx.path(), build);
  const BuiltPlan built = tensorrt::build(onnx, build);
  writePlanFile(plan.string(), {built.metadata, {built.plan.data(), built.plan.size()}});
  std::ostringstream done;
  done << "built in " << std::fixed << std::setprecision(1) << watch.lap() / 1000 << " s: " << plan.string();
  writeLog(LogLevel::Info, done.str());
  return plan.string();
}

void dropFromCache(const std::string& plan) {
  writeLog(LogLevel::Warning, "'" + plan + "' cannot be loaded and is built anew");
  std::error_code error;
  fs::remove(plan, error);
}

}  // namespace trtyolo::tensorrt
