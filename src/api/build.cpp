// Building engines: checks, and the way to the back end.
#include <string>

#include "runtime/engine.hpp"

namespace trtyolo {
namespace {

void checkRange(const char* what, int least, int largest) {
  if (least < 0 || largest < 0 || (least > 0 && least > largest)) {
    throw std::invalid_argument("buildEngine: the " + std::string(what) +
                                " must not be negative, and the smallest not above the "
                                "largest, found " +
                                std::to_string(least) + " and " + std::to_string(largest));
  }
}

}  // namespace

void buildEngine(const std::string& onnx, const std::string& engine, const BuildOption& option) {
  constexpr int kHighestLevel = 5;
  if (option.batch < 1) {
    throw std::invalid_argument("buildEngine: the batch must be at least 1, found " + std::to_string(option.batch));
  }
  if (option.optimizationLevel < 0 || option.optimizationLevel > kHighestLevel) {
    throw std::invalid_argument("buildEngine: the optimization level must be 0 to " + std::to_string(kHighestLevel) +
                                ", found " + std::to_string(option.optimizationLevel));
  }
  if (option.deviceId < 0) {
    throw std::invalid_argument("buildEngine: the GPU's number must not be negative, found " +
                                std::to_string(option.deviceId));
  }
  checkRange("widths", option.leastWidth, option.width);
  checkRange("heights", option.leastHeight, option.height);
  buildEngineFile(onnx, engine, option);
}

}  // namespace trtyolo
