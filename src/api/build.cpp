// Building engines: checks, and the way to the back end.
#include <filesystem>
#include <string>
#include <system_error>

#include "base/files.hpp"
#include "runtime/backends.hpp"

namespace trtyolo {
namespace {

namespace fs = std::filesystem;

void checkRange(const char* what, int least, int largest) {
  if (least < 0 || largest < 0 || (largest > 0 && least > largest)) {
    throw std::invalid_argument("buildEngine: the " + std::string(what) +
                                " must not be negative, and the smallest not above the "
                                "largest, found " +
                                std::to_string(least) + " and " + std::to_string(largest));
  }
}

void checkBatch(const BuildOption& option) {
  if (option.maxBatch < 1) {
    throw std::invalid_argument("buildEngine: the batch must be at least 1, found " + std::to_string(option.maxBatch));
  }
  const int opt = option.optBatch != 0 ? option.optBatch : option.maxBatch;
  if (option.minBatch < 1 || option.minBatch > opt || opt > option.maxBatch) {
    throw std::invalid_argument("buildEngine: batches must be at least 1 and rise from the fewest to the most, found " +
                                std::to_string(option.minBatch) + ", " + std::to_string(opt) + " and " +
                                std::to_string(option.maxBatch));
  }
}

// Sees whether the engine can be written, before the long work; leaves nothing behind.
void checkPlace(const std::string& onnx, const std::string& engine) {
  std::error_code error;
  if (fs::equivalent(onnx, engine, error)) {
    throw std::invalid_argument("buildEngine: '" + engine +
                                "' is the model; an engine that is built from it needs another name");
  }
  const auto fail = [&](const std::string& why) {
    return ModelError("'" + engine + "': the engine cannot be written: " + why);
  };
  if (engine.empty() || fs::is_directory(engine, error)) {
    throw fail(engine.empty() ? "its name is empty" : "it is a folder");
  }
  if (const std::error_code reason = whyNotWritable(engine)) {
    throw fail(reason.message());
  }
}

}  // namespace

void buildEngine(const std::string& onnx, const std::string& engine, const BuildOption& option) {
  constexpr int kHighestLevel = 5;
  checkBatch(option);
  if (option.optimizationLevel < 0 || option.optimizationLevel > kHighestLevel) {
    throw std::invalid_argument("buildEngine: the optimization level must be 0 to " + std::to_string(kHighestLevel) +
                                ", found " + std::to_string(option.optimizationLevel));
  }
  if (option.deviceId < 0) {
    throw std::invalid_argument("buildEngine: the GPU's number must not be negative, found " +
                                std::to_string(option.deviceId));
  }
  checkRange("widths", option.minWidth, option.width);
  checkRange("heights", option.minHeight, option.height);
  checkPlace(onnx, engine);
  buildEngineFile(onnx, engine, option);
}

}  // namespace trtyolo
