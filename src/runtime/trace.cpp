#include "runtime/trace.hpp"

#include <atomic>

namespace trtyolo {
namespace {

std::atomic<TraceCall> said = nullptr, usual = nullptr;

}  // namespace

void setTrace(TraceCall call) {
  said = call;
}

void setUsualTrace(TraceCall call) {
  usual = call;
}

TraceRange::TraceRange(const char* part) : part_(part), call_(said) {
  if (!call_) {
    call_ = usual;
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
