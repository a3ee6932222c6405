// Memory of this process, as the operating system accounts for it.
#pragma once

namespace app {

/// Megabytes (1 MB = 1,000,000 bytes).
struct ProcessMemory {
  double resident = 0;      ///< all pages in memory (Rss)
  double proportional = 0;  ///< the same, but a page that k processes share counts 1/k (Pss)
  bool exact = false;  ///< false where the system tells no more than the largest resident size so far: both are that
};

/// Reads /proc/self/smaps_rollup; where there is none, getrusage().
ProcessMemory processMemory();

/// Megabytes of memory in the machine; 0 if it cannot be told.
double machineMemory();

}  // namespace app
