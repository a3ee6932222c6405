#include "base/log.hpp"

#include <atomic>

namespace trtyolo {
namespace {

std::atomic<LogCall> logCallback = nullptr;

}  // namespace

void setLog(LogCall call) {
  logCallback = call;
}

bool isLogging() noexcept {
  return logCallback != nullptr;
}

void writeLog(LogLevel level, const char* text) noexcept {
  try {
    if (const LogCall call = logCallback) {
      call(level, text);
    }
  } catch (...) {
    return;  // it was told not to throw; what it was called from goes on
  }
}

}  // namespace trtyolo
