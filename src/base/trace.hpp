// Tells profilers what the library is doing: see setTrace() in trtyolo.hpp.
#pragma once

#include "trtyolo.hpp"

namespace trtyolo {

// A part of the work, for the lifetime of this object. Any thread; ranges of one thread nest.
class TraceRange {
 public:
  // `part` must stay valid.
  explicit TraceRange(const char* part);
  ~TraceRange();
  TraceRange(const TraceRange&) = delete;
  TraceRange& operator=(const TraceRange&) = delete;

 private:
  const char* part_;
  TraceCall call_;
};

// Called while the user has set no callback.
void setDefaultTrace(TraceCall call);

}  // namespace trtyolo
