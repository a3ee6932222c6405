// What the operating system says of this machine and this process.
#pragma once

#include <nlohmann/json.hpp>

namespace bench {

/// Megabytes (1 MB = 1,000,000 bytes) of this process. Where the system tells no more than the largest resident size so
/// far, both are that.
struct ProcessMemory {
  double resident = 0;      ///< all pages in memory (Rss)
  double proportional = 0;  ///< the same, but a page that k processes share counts 1/k (Pss)
};

ProcessMemory processMemory();

/// Seconds of the processor that all threads of this process have taken so far.
double processorSeconds();

/// "cpu", "cores", "memory_mb" and "versions" of this machine and library; "gpu" is null.
nlohmann::ordered_json machine();

}  // namespace bench
