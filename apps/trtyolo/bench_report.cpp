// The texts of bench: see bench_report.hpp.
#include "bench_report.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iomanip>
#include <iterator>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

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

struct Column {
  const char *title, *key;
  int decimals, width;
};

constexpr Column kColumns[] = {
    {"n", "n", 0, 4},
    {"streams", "streams", 0, 9},
    {"images/s", "images_per_s", 1, 10},
    {"ratio", "ratio", 3, 8},
    {"p50 ms", "p50_ms", 2, 10},
    {"p99 ms", "p99_ms", 2, 10},
    {"before ms", "before_ms", 2, 11},
    {"after ms", "after_ms", 2, 10},
    {"after/network", "after_ratio", 3, 15},
    {"resident MB", "rss_mb", 0, 13},
    {"proportional MB", "pss_mb", 0, 17},
};

// Of a pool's rows.
constexpr Column kPoolColumns[] = {
    {"mean batch", "mean_batch", 2, 12},
    {"wait ms", "wait_ms", 2, 9},
    {"p99", "wait_p99_ms", 2, 9},
    {"longest queue", "longest_queue", 0, 15},
};

// Of rows that were measured on a GPU.
constexpr Column kGpuColumns[] = {
    {"engine", "gpu_engine_mb", 1, 9},   {"contexts", "gpu_contexts_mb", 1, 10}, {"scratch", "gpu_scratch_mb", 1, 9},
    {"buffers", "gpu_buffers_mb", 1, 9}, {"pinned", "pinned_mb", 1, 8},          {"executors", "executors", 0, 11},
};

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
      << ", " << number(machine["memory_mb"].get<double>(), 0) << " MB of memory";
  if (!machine["gpu"].is_null()) out << ", " << machine["gpu"].get<std::string>();
  out << '\n';
  out << report["model"].get<std::string>() << ": " << report["task"].get<std::string>() << ", "
      << report["precision"].get<std::string>() << ", network " << size(report["network"]) << ", batch "
      << report["batch"].get<int>() << "; picture " << size(report["image"]);
  for (const Json& row : report["rows"]) {
    if (row.contains("objects")) {
      out << ", " << counted(row["objects"].get<int>(), "object", "objects") << " found in it";
      break;
    }
  }
  out << '\n';
  for (const Json& row : report["rows"]) {
    if (row.contains("program_mb")) {
      out << "Memory is that of a whole process, or of all processes, of the row alone, in MB of 1,000,000 bytes; "
             "before it loaded the "
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
  const auto& rows = report["rows"];
  const bool gpu = std::any_of(rows.begin(), rows.end(), [](const Json& row) { return row.contains("gpu_engine_mb"); });
  std::vector<Column> columns(std::begin(kColumns), std::end(kColumns));
  const bool pool = std::any_of(rows.begin(), rows.end(), [](const Json& row) { return row.contains("mean_batch"); });
  if (gpu) columns.insert(columns.end(), std::begin(kGpuColumns), std::end(kGpuColumns));
  if (pool) columns.insert(columns.end(), std::begin(kPoolColumns), std::end(kPoolColumns));

  out << '\n' << std::left << std::setw(10) << "kind" << std::setw(6) << "image" << std::right;
  for (const Column& column : columns) out << std::setw(column.width) << column.title;
  out << '\n';
  for (const Json& row : rows) {
    out << std::left << std::setw(10) << row["kind"].get<std::string>() << std::setw(6)
        << (row["kind"] == "network" ? "-" : row["memory"].get<std::string>()) << std::right;
    for (const Column& column : columns) {
      out << std::setw(column.width) << cell(row, column.key, column.decimals);
      if (row.contains("error")) break;  // behind the number
    }
    out << '\n';
    if (row.contains("error")) out << "         failed: " << row["error"].get<std::string>() << '\n';
  }
  out << "\n"
         "network   the bare network, n requests side by side and no work around it\n"
         "model     predict() of one model\n"
         "clones    predict() of a model and n - 1 clones of it, a thread each\n"
         "separate  predict() of n models loaded from the file, a thread each; every one has the streams of one model\n"
         "processes predict() of a model in each of n processes; memory is that of all of them\n"
         "pool      n threads that call predict() of one pool, one image a call\n"
         "image     where the picture is: in the host's memory or in the GPU's\n"
         "ratio     images/s against the bare network under the same settings (n requests of one engine; for separate\n"
         "          and processes, one request of each model; for a pool, one of each of its contexts): the median of\n"
         "          short slices that took turns\n"
         "p50, p99  milliseconds of one call, which is a batch (of a pool: one image)\n"
         "before    what predict() does before the network, and after it, in milliseconds of a call, and the latter "
         "as\n"
         "after     a part of the network's own time in the same calls: medians\n";
  if (pool) {
    out << "mean batch, wait, longest queue: images in a run of the pool; milliseconds from the call to the start of "
           "the "
           "run,\n"
           "          median and p99; most images that waited\n";
  }
  if (gpu) {
    out << "engine    memory on the GPU, in MB: weights and what belongs to them, once for all clones;\n"
           "contexts  what TensorRT keeps for each of the executors, on which calls run;\n"
           "scratch   intermediate results of the network, for each executor;\n"
           "buffers   inputs, outputs, images on their way and decoding, for each executor\n"
           "pinned    page-locked memory of the process, in MB: images and results on their way\n";
  }
  return out.str();
}

std::string benchLine(const Json& row) {
  std::string text = row["kind"].get<std::string>() + " " + std::to_string(row["n"].get<int>());
  if (row["memory"] == "gpu") text += ", picture on the GPU";
  text += ": ";
  if (row.contains("error")) return text + "failed: " + row["error"].get<std::string>();
  text += cell(row, "images_per_s", 1) + " images/s";
  if (row.contains("ratio")) text += ", " + cell(row, "ratio", 3) + " of the network alone";
  text += ", " + cell(row, "rss_mb", 0) + " MB";
  if (row.contains("gpu_engine_mb")) text += " and " + cell(row, "gpu_mb", 0) + " MB on the GPU";
  return text;
}

}  // namespace app
