#include "base/trace.hpp"

#include <atomic>

namespace trtyolo {
namespace {

std::atomic<TraceCall> userCallback = nullptr, defaultCallback = nullptr;

}  // namespace

void setTrace(TraceCall call) {
  userCallback = call;
}

void setDefaultTrace(TraceCall call) {
  defaultCallback = call;
}

TraceRange::TraceRange(const char* part) : part_(part), call_(userCallback) {
  if (!call_) {
    call_ = defaultCallback;
  }
  if (call_) {
    call_(part_, true);
  }
}

TraceRange::~TraceRange() {
  if (call_) {
    call_(part_, false);
  }
}

}  // namespace trtyolo
