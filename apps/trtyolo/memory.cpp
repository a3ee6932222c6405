// Memory of this process: see memory.hpp.
#include "memory.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <limits>
#include <string>

namespace app {

ProcessMemory processMemory() {
  std::ifstream rollup("/proc/self/smaps_rollup");
  ProcessMemory memory;
  bool haveResident = false, haveProportional = false;
  // The first line is an address range; the others are "Name:   number kB", where a kB is 1024 bytes.
  rollup.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
  std::string name, unit;
  for (double kibibytes = 0; rollup >> name >> kibibytes >> unit;) {
    if (name == "Rss:") {
      memory.resident = kibibytes * 1024 / 1e6;
      haveResident = true;
    } else if (name == "Pss:") {
      memory.proportional = kibibytes * 1024 / 1e6;
      haveProportional = true;
    }
  }
  memory.exact = haveResident && haveProportional;
  if (!memory.exact) {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
#if defined(__APPLE__)
    memory.resident = static_cast<double>(usage.ru_maxrss) / 1e6;
#else
    memory.resident = static_cast<double>(usage.ru_maxrss) * 1024 / 1e6;
#endif
    memory.proportional = memory.resident;
  }
  return memory;
}

double machineMemory() {
  const long pages = sysconf(_SC_PHYS_PAGES), bytes = sysconf(_SC_PAGESIZE);
  return pages > 0 && bytes > 0 ? static_cast<double>(pages) * static_cast<double>(bytes) / 1e6 : 0;
}

}  // namespace app
