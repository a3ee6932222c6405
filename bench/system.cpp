// What the operating system says: see system.hpp.
#include "system.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <string>
#include <string_view>
#include <thread>

#include "trtyolo.hpp"

namespace bench {
namespace {

using Json = nlohmann::ordered_json;

/// As the system names it: "model name" on x86, nothing elsewhere.
std::string processorName() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(": ");
    if (line.rfind("model name", 0) == 0 && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown processor";
}

}  // namespace

ProcessMemory processMemory() {
  constexpr double kKibibytes = 1024 / 1e6;
  std::ifstream rollup("/proc/self/smaps_rollup");
  ProcessMemory memory;
  // The first line is an address range; the others are "Name:   number kB", where a kB is 1024 bytes.
  rollup.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
  std::string name, unit;
  for (double size = 0; rollup >> name >> size >> unit;) {
    if (name == "Rss:") memory.resident = size * kKibibytes;
    if (name == "Pss:") memory.proportional = size * kKibibytes;
  }
  if (memory.resident == 0 || memory.proportional == 0) {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    memory.resident = memory.proportional = static_cast<double>(usage.ru_maxrss) * kKibibytes;
  }
  return memory;
}

double processorSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

Json machine() {
  Json versions;
  // "trtyolo 0.1.0"
  const std::string_view own = trtyolo::version();
  versions["trtyolo"] = own.substr(own.find(' ') + 1);
  for (const auto& [name, version] : trtyolo::backends()) versions[name] = version;
  const double bytes = static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
  return {{"cpu", processorName()},
          {"cores", std::thread::hardware_concurrency()},
          {"memory_mb", std::round(bytes / 1e6)},
          {"gpu", nullptr},
          {"versions", std::move(versions)}};
}

}  // namespace bench
