// How much memory decoded pixels may take: see pixel_budget.hpp.
#include "input/pixel_budget.hpp"

#include <spdlog/fmt/fmt.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <limits>
#include <optional>
#include <sstream>
#include <stdexcept>

namespace fs = std::filesystem;

namespace app {
namespace {

constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max() / 2;
constexpr std::size_t kMega = 1000000;

/// The number behind a word of a file, or at its begin if the word is empty.
std::optional<std::size_t> numberIn(const fs::path& path, const std::string& word) {
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

/// What a control group and those around it leave; files that only are in the cache count as free.
std::size_t leftByGroups() {
  std::size_t left = kNoLimit;
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    const std::size_t colon = line.find(':'), second = line.find(':', colon + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(colon + 1, second - colon - 1);
    const bool unified = controllers.empty();
    if (!unified && controllers.find("memory") == std::string::npos) continue;
    const fs::path root = unified ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory";
    for (fs::path group = fs::path(line.substr(second + 1)).relative_path();; group = group.parent_path()) {
      const fs::path folder = root / group;
      const auto limit = numberIn(folder / (unified ? "memory.max" : "memory.limit_in_bytes"), "");
      const auto used = numberIn(folder / (unified ? "memory.current" : "memory.usage_in_bytes"), "");
      const auto cached = numberIn(folder / "memory.stat", unified ? "inactive_file" : "total_inactive_file");
      if (limit && used) left = std::min(left, rest(*limit, rest(*used, cached.value_or(0))));
      if (group.empty()) break;
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
  if (const auto free = numberIn("/proc/meminfo", "MemAvailable:")) left = std::min(left, *free * kKibi);
  left = std::min(left, leftByGroups());
  left = std::min(left, leftBy(RLIMIT_AS, kKibi * numberIn("/proc/self/status", "VmSize:").value_or(0)));
  return std::min(left, leftBy(RLIMIT_DATA, kKibi * numberIn("/proc/self/status", "VmData:").value_or(0)));
}

PixelBudget::PixelBudget(std::size_t bytes) : total_(bytes > 0 ? bytes : memoryLeft() / 4) {}

void PixelBudget::require(std::size_t bytes, const std::string& what) const {
  if (bytes <= total_) return;
  throw std::runtime_error(fmt::format("{} takes {} MB, and all pictures at a time may take {} MB (--pixel-memory)",
                                       what, bytes / kMega, total_ / kMega));
}

PixelBudget::Share PixelBudget::take(std::size_t bytes, std::size_t held, const std::string& what) {
  require(bytes, what);
  if (bytes > rest(total_, held)) {
    throw std::runtime_error(
        fmt::format("{} takes {} MB, and with the others of its batch more than the {} MB that all pictures may take "
                    "(--pixel-memory); --batch 1 takes one at a time",
                    what, bytes / kMega, total_ / kMega));
  }
  const auto release = [this, bytes](void*) {
    const std::lock_guard lock(mutex_);
    taken_ -= bytes;
    changed_.notify_all();
  };
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return closed_ || bytes <= total_ - taken_; });
  if (closed_) throw std::runtime_error("the end was asked for");
  taken_ += bytes;
  lock.unlock();  // the deleter locks if this allocation fails
  return {static_cast<void*>(this), release};
}

void PixelBudget::waitForTurn(std::size_t number) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return closed_ || turn_ == number; });
  if (closed_) throw std::runtime_error("the end was asked for");
}

void PixelBudget::turnIsOver(std::size_t number) {
  const std::lock_guard lock(mutex_);
  if (turn_ == number) ++turn_;
  changed_.notify_all();
}

void PixelBudget::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}

std::string describe(const ImageSize& size) {
  return fmt::format("an image of {} x {} pixels", size.width, size.height);
}

}  // namespace app
