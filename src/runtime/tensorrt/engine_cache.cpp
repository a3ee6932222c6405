#include "runtime/tensorrt/engine_cache.hpp"

#if !defined(_WIN32)
#include <unistd.h>
#endif

#include <array>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <random>
#include <sstream>

#include "cuda/devices.hpp"
#include "model/onnx_file.hpp"
#include "runtime/file_kind.hpp"
#include "runtime/file_lock.hpp"
#include "runtime/stopwatch.hpp"
#include "runtime/tensorrt/builder.hpp"
#include "runtime/tensorrt/library.hpp"
#include "runtime/tensorrt/plan_file.hpp"

namespace trtyolo::tensorrt {
namespace {

namespace fs = std::filesystem;

// Raised when the same file and options begin to give another engine.
constexpr int kWayOfBuilding = 3;

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

// Two 64-bit FNV-1a with different beginnings.
class Fingerprint {
 public:
  void add(std::string_view bytes) {
    constexpr std::uint64_t kPrime = 0x100000001b3;
    for (const char byte : bytes) {
      first_ = (first_ ^ static_cast<unsigned char>(byte)) * kPrime;
      second_ = (second_ ^ static_cast<unsigned char>(byte)) * kPrime;
    }
  }

  std::string text() const {
    std::ostringstream text;
    text << std::hex << std::setfill('0') << std::setw(16) << first_ << std::setw(16) << second_;
    return text.str();
  }

 private:
  std::uint64_t first_ = 0xcbf29ce484222325, second_ = 0x9ae16a3b2f90404f;
};

// The content of the files beside the model that hold its weights.
void addExternalFiles(const std::string& onnx, std::string_view content, Fingerprint& fingerprint) {
  for (const std::string& file : externalFiles(content)) {
    const fs::path path = fs::path(onnx).parent_path() / file;
    const auto fail = [&](const std::string& why) {
      return ModelError("'" + onnx + "': its weights are in '" + file + "', " + why);
    };
    if (!isBelowModel(file)) {
      throw fail("which is outside of the model's folder; ONNX wants them in it or below");
    }
    std::error_code error;
    if (!fs::is_regular_file(path, error)) {
      throw fail("and there is no such file beside it");
    }
    fingerprint.add(file);
    fingerprint.add(readModelFile(path.string()));
  }
}

bool canMakeFilesIn(const fs::path& folder) {
  const fs::path probe = folder / (".part" + std::to_string(std::random_device()()));
  const bool made = std::ofstream(probe).is_open();
  std::error_code error;
  fs::remove(probe, error);
  return made;
}

// A build that a loading model waits for, on standard error: the share that is done, where that is a terminal.
class Announcement {
 public:
  Announcement(const std::string& onnx, BuildOption& build) {
    std::cerr << "trtyolo: building a TensorRT engine for '" << onnx
              << "', once; this can take minutes ('trtyolo build' does it beforehand) ...\n";
    if (isTerminal()) {
      build.onProgress = [this](const BuildProgress& progress) {
        const int percent = static_cast<int>(progress.done * 100);
        if (percent > percent_) {
          percent_ = percent;
          std::cerr << "\rtrtyolo: " << percent << " %" << std::flush;
        }
        return true;
      };
    }
  }
  ~Announcement() {
    if (percent_ >= 0) {
      std::cerr << "\r\x1b[K";
    }
  }
  Announcement(const Announcement&) = delete;
  Announcement& operator=(const Announcement&) = delete;

 private:
  static bool isTerminal() {
#if defined(_WIN32)
    return false;
#else
    return isatty(STDERR_FILENO) == 1;
#endif
  }

  int percent_ = -1;
};

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
  Fingerprint fingerprint;
  fingerprint.add(content);
  addExternalFiles(onnx, content, fingerprint);
  fingerprint.add(circumstancesOf(build));
  const fs::path folder = cacheFolder();
  const fs::path plan = folder / (fs::path(onnx).stem().string() + "-" + fingerprint.text() + ".engine");
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
    std::cerr << "trtyolo: the TensorRT engine for '" << onnx << "' is being built by another thread or process; "
              << "waiting for it ...\n";
  });
  if (fs::is_regular_file(plan, error)) {
    return plan.string();
  }
  if (!lock.held() && !canMakeFilesIn(folder)) {
    throw ModelError("'" + folder.string() +
                     "': the folder for built engines cannot be written; name another in TRTYOLO_CACHE");
  }
  Stopwatch watch;
  build.timingCache = (folder / "timings").string();
  {
    const Announcement announcement(onnx, build);
    const BuiltPlan built = tensorrt::build(content, onnx, build);
    writePlanFile(plan.string(), built.metadata, {built.plan.data(), built.plan.size()});
  }
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
