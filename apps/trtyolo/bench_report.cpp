// The texts of bench: see bench_report.hpp.
#include "bench_report.hpp"

#include <cmath>
#include <fstream>
#include <iomanip>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>

#include "memory.hpp"
#include "trtyolo.hpp"

namespace app {
namespace {

using Json = nlohmann::ordered_json;

/// As the system names it: "model name" on x86, "Model" or nothing at all elsewhere.
std::string processorName() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(": ");
    if (line.rfind("model name", 0) == 0 && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown processor";
}

std::string number(double value, int decimals) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(decimals) << value;
  return text.str();
}

std::string cell(const Json& row, const char* key, int decimals) {
  return row.contains(key) ? number(row[key].get<double>(), decimals) : "-";
}

std::string size(const Json& pair) {
  return std::to_string(pair[0].get<int>()) + "x" + std::to_string(pair[1].get<int>());
}

std::string counted(int count, const std::string& one, const std::string& many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

void header(std::ostream& out, const Json& report) {
  const Json& machine = report["machine"];
  std::string separator;
  for (const auto& [name, version] : machine["versions"].items()) {
    out << separator << name << " " << version.get<std::string>();
    separator = ", ";
  }
  out << " on " << machine["cpu"].get<std::string>() << ", " << counted(machine["cores"].get<int>(), "core", "cores")
      << ", " << number(machine["memory_mb"].get<double>(), 0) << " MB of memory\n";
  out << report["model"].get<std::string>() << ": " << report["task"].get<std::string>() << ", "
      << report["precision"].get<std::string>() << ", network " << size(report["network"]) << ", batch "
      << report["batch"].get<int>() << "; picture " << size(report["image"]) << " in host memory";
  for (const Json& row : report["rows"]) {
    if (row.contains("objects")) {
      out << ", " << counted(row["objects"].get<int>(), "object", "objects") << " found in it";
      break;
    }
  }
  out << '\n';
  for (const Json& row : report["rows"]) {
    if (row.contains("program_mb")) {
      out << "Memory is that of a whole process, one for each row, in MB of 1,000,000 bytes; before it loaded the "
             "model "
             "it had "
          << number(row["program_mb"].get<double>(), 0) << " MB.\n";
      break;
    }
  }
}

}  // namespace

Json benchMachine() {
  Json versions;
  // "trtyolo 0.1.0"
  const std::string_view own = trtyolo::version();
  versions["trtyolo"] = own.substr(own.find(' ') + 1);
  for (const auto& [name, version] : trtyolo::backends()) versions[name] = version;
  return {{"cpu", processorName()},
          {"cores", std::thread::hardware_concurrency()},
          {"memory_mb", std::round(machineMemory())},
          {"gpu", nullptr},
          {"versions", std::move(versions)}};
}

std::string benchTable(const Json& report) {
  std::ostringstream out;
  header(out, report);
  const auto line = [&out](const std::string& kind, const auto&... cells) {
    out << std::left << std::setw(9) << kind << std::right;
    constexpr int kWidths[] = {3, 9, 10, 8, 10, 10, 11, 10, 15, 13, 17};
    const int* width = kWidths;
    ((out << std::setw(*width++) << cells), ...);
    out << '\n';
  };
  out << '\n';
  line("kind", "n", "streams", "images/s", "ratio", "p50 ms", "p99 ms", "before ms", "after ms", "after/network",
       "resident MB", "proportional MB");
  for (const Json& row : report["rows"]) {
    const auto kind = row["kind"].get<std::string>();
    if (row.contains("error")) {
      line(kind, row["n"].get<int>());
      out << "         failed: " << row["error"].get<std::string>() << '\n';
      continue;
    }
    line(kind, row["n"].get<int>(), row["streams"].get<int>(), cell(row, "images_per_s", 1), cell(row, "ratio", 3),
         cell(row, "p50_ms", 2), cell(row, "p99_ms", 2), cell(row, "before_ms", 2), cell(row, "after_ms", 2),
         cell(row, "after_ratio", 3), cell(row, "rss_mb", 0), cell(row, "pss_mb", 0));
  }
  out << "\n"
         "network   the bare network, n requests side by side and no work around it\n"
         "model     predict() of one model\n"
         "clones    predict() of a model and n - 1 clones of it, a thread each\n"
         "separate  predict() of n models loaded from the file, a thread each; every one has the streams of one model\n"
         "ratio     images/s against the bare network under the same settings (n requests of one engine; for "
         "separate,\n"
         "          one request of each model): the median of short slices that took turns\n"
         "p50, p99  milliseconds of one call, which is a batch\n"
         "before    what predict() does before the network, and after it, in milliseconds of a call, and the latter "
         "as\n"
         "after     a part of the network's own time in the same calls: medians\n";
  return out.str();
}

std::string benchLine(const Json& row) {
  std::string text = row["kind"].get<std::string>() + " " + std::to_string(row["n"].get<int>()) + ": ";
  if (row.contains("error")) return text + "failed: " + row["error"].get<std::string>();
  text += cell(row, "images_per_s", 1) + " images/s";
  if (row.contains("ratio")) text += ", " + cell(row, "ratio", 3) + " of the network alone";
  return text + ", " + cell(row, "rss_mb", 0) + " MB";
}

}  // namespace app
