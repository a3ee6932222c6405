// Marks what the library is doing, for profilers: see setTrace() in trtyolo.hpp.
#pragma once

#include "trtyolo.hpp"

namespace trtyolo {

// A part of the work, from the beginning to the end of this object. Any thread; those of a thread nest.
class TraceRange {
 public:
  // `part` stays valid.
  explicit TraceRange(const char* part);
  ~TraceRange();
  TraceRange(const TraceRange&) = delete;
  TraceRange& operator=(const TraceRange&) = delete;

 private:
  const char* part_;
  TraceCall call_;
};

// Where parts go while the user has said nothing.
void setUsualTrace(TraceCall call);

}  // namespace trtyolo
