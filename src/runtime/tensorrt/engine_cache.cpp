#include "runtime/tensorrt/engine_cache.hpp"

#include <array>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <iomanip>
#include <iostream>
#include <sstream>

#include "cuda/devices.hpp"
#include "runtime/file_kind.hpp"
#include "runtime/stopwatch.hpp"
#include "runtime/tensorrt/builder.hpp"
#include "runtime/tensorrt/library.hpp"
#include "runtime/tensorrt/plan_file.hpp"

namespace trtyolo::tensorrt {
namespace {

namespace fs = std::filesystem;

// Raised when the same file and options begin to give another engine.
constexpr int kWayOfBuilding = 2;

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

// 64-bit FNV-1a, continued from `hash`.
std::uint64_t hashOf(std::string_view bytes, std::uint64_t hash) {
  constexpr std::uint64_t kPrime = 0x100000001b3;
  for (const char byte : bytes) {
    hash = (hash ^ static_cast<unsigned char>(byte)) * kPrime;
  }
  return hash;
}

std::string fingerprint(std::string_view content, const std::string& circumstances) {
  constexpr std::uint64_t kBasis = 0xcbf29ce484222325, kOtherBasis = 0x9ae16a3b2f90404f;
  std::ostringstream text;
  text << std::hex << std::setfill('0');
  for (const std::uint64_t basis : {kBasis, kOtherBasis}) {
    text << std::setw(16) << hashOf(circumstances, hashOf(content, basis));
  }
  return text.str();
}

BuildOption buildOptionFor(const EngineOptions& options) {
  BuildOption build;
  build.precision = options.precision;
  build.deviceId = options.deviceId;
  build.batch = options.description.batch;
  if (options.description.networkSize) {
    build.width = options.description.networkSize->width;
    build.height = options.description.networkSize->height;
  }
  return build;
}

std::string circumstancesOf(const BuildOption& build) {
  std::ostringstream text;
  text << version() << ' ' << kWayOfBuilding << ' ' << Library::get().version() << ' '
       << cuda::deviceName(build.deviceId) << ' ' << toString(build.precision) << ' ' << build.batch << ' '
       << build.width << 'x' << build.height << ' ' << build.optimizationLevel;
  return text.str();
}

}  // namespace

std::string cachedEngine(const std::string& onnx, const EngineOptions& options) {
  BuildOption build = buildOptionFor(options);
  const std::string content = readModelFile(onnx);
  const fs::path folder = cacheFolder();
  const std::string name = fs::path(onnx).stem().string() + "-" + fingerprint(content, circumstancesOf(build));
  const fs::path plan = folder / (name + ".engine");
  std::error_code error;
  if (fs::is_regular_file(plan, error)) {
    return plan.string();
  }
  fs::create_directories(folder, error);
  if (error) {
    throw ModelError("'" + folder.string() + "': the folder for built engines cannot be made: " + error.message() +
                     "; name another in TRTYOLO_CACHE");
  }
  std::cerr << "trtyolo: building a TensorRT engine for '" << onnx << "', once; this can take minutes ...\n";
  Stopwatch watch;
  build.timingCache = (folder / "timings").string();
  const BuiltPlan built = tensorrt::build(content, onnx, build);
  writePlanFile(plan.string(), built.metadata, {built.plan.data(), built.plan.size()});
  std::cerr << "trtyolo: built in " << std::fixed << std::setprecision(1) << watch.lap() / 1000
            << " s: " << plan.string() << '\n';
  return plan.string();
}

void dropFromCache(const std::string& plan) {
  std::cerr << "trtyolo: '" << plan << "' cannot be loaded and is built anew\n";
  std::error_code error;
  fs::remove(plan, error);
}

}  // namespace trtyolo::tensorrt
