// How much memory this process may still take.
#include <sys/resource.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <limits>
#include <optional>
#include <string>

#include "trtyolo/media.hpp"

namespace trtyolo {
namespace {

constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max() / 2;

// The number behind a word of a file, or at its begin if the word is empty.
std::optional<std::size_t> numberIn(const std::filesystem::path& path, const std::string& word) {
  std::ifstream file(path);
  std::string found;
  while (!word.empty() && file >> found && found != word) {
  }
  std::size_t value = 0;
  return file >> value ? std::optional(value) : std::nullopt;
}

std::size_t rest(std::size_t limit, std::size_t used) {
  return limit > used ? limit - used : 0;
}

// What a control group and those around it leave; files that only are in the cache count as free.
std::size_t leftByGroups() {
  std::size_t left = kNoLimit;
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    const std::size_t colon = line.find(':'), second = line.find(':', colon + 1);
    if (second == std::string::npos) {
      continue;
    }
    const std::string controllers = line.substr(colon + 1, second - colon - 1);
    const bool unified = controllers.empty();
    if (!unified && controllers.find("memory") == std::string::npos) {
      continue;
    }
    const std::filesystem::path root = unified ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory";
    for (std::filesystem::path group = std::filesystem::path(line.substr(second + 1)).relative_path();;
         group = group.parent_path()) {
      const std::filesystem::path folder = root / group;
      const auto limit = numberIn(folder / (unified ? "memory.max" : "memory.limit_in_bytes"), "");
      const auto used = numberIn(folder / (unified ? "memory.current" : "memory.usage_in_bytes"), "");
      const auto cached = numberIn(folder / "memory.stat", unified ? "inactive_file" : "total_inactive_file");
      if (limit && used) {
        left = std::min(left, rest(*limit, rest(*used, cached.value_or(0))));
      }
      if (group.empty()) {
        break;
      }
    }
  }
  return left;
}

std::size_t leftBy(int resource, std::size_t used) {
  rlimit limit{};
  if (getrlimit(static_cast<__rlimit_resource_t>(resource), &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
    return kNoLimit;
  }
  return rest(limit.rlim_cur, used);
}

}  // namespace

std::size_t memoryLeft() {
  constexpr std::size_t kKibi = 1024;
  std::size_t left = kNoLimit;
  if (const auto free = numberIn("/proc/meminfo", "MemAvailable:")) {
    left = std::min(left, *free * kKibi);
  }
  left = std::min(left, leftByGroups());
  left = std::min(left, leftBy(RLIMIT_AS, kKibi * numberIn("/proc/self/status", "VmSize:").value_or(0)));
  return std::min(left, leftBy(RLIMIT_DATA, kKibi * numberIn("/proc/self/status", "VmData:").value_or(0)));
}

}  // namespace trtyolo
