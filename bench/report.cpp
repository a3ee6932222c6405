// The texts of bench: see report.hpp.
#include "report.hpp"

#include <algorithm>
#include <iomanip>
#include <sstream>
#include <string_view>
#include <vector>

namespace bench {
namespace {

using Json = nlohmann::ordered_json;

struct Column {
  const char *title, *key;
  int decimals, width;
  const char* meaning;
};

/// A table of its own, of which columns stay away that no row has something in.
using Group = std::vector<Column>;

const Group kMain{
    {"GPUs", "gpus", 0, 5, "GPUs that work on the row"},
    {"images/s", "images_per_s", 1, 10, ""},
    {"ratio", "ratio", 3, 7,
     "images/s against the bare network's under the same settings: as many requests of one engine (for separate and "
     "processes: one of each model; for a pool: one for each of its contexts), and of jpeg, predict and streams "
     "against "
     "the limit; the median of short slices that took turns"},
    {"p50 ms", "p50_ms", 2, 9,
     "median of the calls, each of which is a batch (of a pool: one image); of streams from when a frame was due until "
     "its result, with each frame at its time"},
    {"p99 ms", "p99_ms", 2, 9, ""},
    {"p50 ratio", "p50_ratio", 3, 10, "p50 against that of the bare network's runs in the same slices"},
    {"RSS MB", "rss_mb", 0, 7, "memory in MB of 1,000,000 bytes of the row's process (of processes: of all), resident"},
    {"PSS MB", "pss_mb", 0, 7, "the same, but what k processes share counts 1/k"},
    {"GPU MB", "gpu_mb", 0, 8, "memory on the GPU, as the library counts it"},
    {"batch", "mean_batch", 1, 6, "images in a run of the pool in the mean"},
};

const Group kGpus{
    {"GPUs", "gpus", 0, 6, ""},
    {"images/s", "images_per_s", 1, 11, ""},
    {"x 1 GPU", "gpu_ratio", 3, 9, "times the images/s of the row of one GPU"},
    {"p50 ms", "p50_ms", 2, 9, ""},
    {"p99 ms", "p99_ms", 2, 9, ""},
    {"batch", "mean_batch", 1, 7, ""},
};

const Group kExported{
    {"exported/s", "exported_images_per_s", 1, 12,
     "images/s of the network as it was exported: with all that the library does itself for one whose head is cut"},
    {"network/s", "network_images_per_s", 1, 11, "and of the network that is left"},
    {"predict/s", "images_per_s", 1, 11, "and of predict()"},
    {"ratio", "exported_ratio", 3, 8, "predict() against the exported network; the median of short slices"},
    {"exported p50", "exported_p50_ms", 2, 14, "median of the exported network's runs, ms"},
    {"p50 ratio", "exported_p50_ratio", 3, 11, "that of predict() against it"},
};

const Group kDecoding{
    {"decoder/s", "decoder_images_per_s", 1, 11, "images/s of what decodes, alone"},
    {"network/s", "network_images_per_s", 1, 11, "and of the bare network"},
    {"limit/s", "limit_images_per_s", 1, 10,
     "the smaller of the two; where both take the processor's cores, what these can of the work of both: with all "
     "cores "
     "decoding 1 / (1 / decoder + 1 / network)"},
    {"CPU ms", "cpu_ms", 1, 8, "time of the processor, of all its cores, that an image took"},
    {"alone", "alone_cpu_ms", 1, 8, "the same of the decoder and the bare network, each alone, together"},
    {"on GPU", "decoded_gpu", 0, 9, "images that it has decoded"},
    {"on CPU", "decoded_cpu", 0, 9, "and the processor"},
};

const Group kPacing{
    {"fps", "fps", 1, 7, "frames a second that each stream has with each frame at its time"},
    {"late p99", "late_p99_ms", 2, 10, "milliseconds from when a frame was due until it was read"},
    {"behind", "behind", 0, 8, "streams that fell behind: mostly later than a frame's time"},
    {"decoder", "decoder_share", 3, 9, "share of decoder/s that the frames of all streams are"},
    {"network", "network_share", 3, 9, "and of network/s"},
    {"CPU", "cpu_share", 3, 7, "share of the processor's cores that was busy"},
    {"RSS MB", "rss_mb_per_stream", 1, 8, "memory of the process that a stream takes"},
    {"GPU MB", "gpu_mb_per_stream", 1, 8, "and of the GPU, as its driver says"},
};

const Group kFurther[] = {
    {
        {"streams", "streams", 0, 8, "predictions that the engine runs side by side on a CPU; of a pool: its contexts"},
        {"preprocess", "preprocess_ms", 3, 11, "parts of a call of predict(), in milliseconds: medians"},
        {"inference", "inference_ms", 3, 10, ""},
        {"postprocess", "postprocess_ms", 3, 12, ""},
        {"post/inf", "postprocess_ratio", 3, 9, "postprocess over inference"},
        {"network/s", "network_images_per_s", 1, 10, "images/s of the bare network beside the row"},
        {"network p50", "network_p50_ms", 3, 12, ""},
        {"slices", "slices", 0, 7, ""},
    },
    {
        {"ready s", "ready_s", 2, 8, "from the start of the process until all models have been called once"},
        {"program MB", "program_mb", 0, 11, "the process, before it loads a model"},
        {"clone MB", "clone_mb", 1, 9,
         "what each clone but the first takes at work: of GPU memory as the driver says, on a CPU of the process"},
        {"idle clone MB", "idle_clone_mb", 1, 14, "the same of clones that have not run yet"},
        {"driver MB", "gpu_driver_mb", 0, 10, "what the models take of the GPU as its driver says"},
        {"CUDA MB", "gpu_cuda_mb", 0, 8, "what CUDA takes of it for the processes before a model is loaded"},
    },
    {
        {"engine", "gpu_engine_mb", 1, 9, "memory on the GPU: weights and what belongs to them, once for all clones"},
        {"contexts", "gpu_contexts_mb", 1, 9, "what TensorRT keeps for each executor, on which calls run"},
        {"scratch", "gpu_scratch_mb", 1, 9, "intermediate results of the network, for each executor"},
        {"buffers", "gpu_buffers_mb", 1, 9, "inputs, outputs, images on their way and decoding, for each executor"},
        {"pinned", "pinned_mb", 1, 8, "page-locked memory of the process: images and results on their way"},
        {"executors", "executors", 0, 10, ""},
    },
    {
        {"contexts", "contexts", 0, 9, "runs of the pool at the same time"},
        {"queue ms", "queue_ms", 3, 10, "from a call to the start of its run"},
        {"p99", "queue_p99_ms", 3, 10, ""},
        {"longest queue", "longest_queue", 0, 14, ""},
    },
};

constexpr const char* kKinds[][2] = {
    {"network", "the bare network, n requests side by side and no work around it"},
    {"model", "predict() of one model"},
    {"clones", "predict() of a model and n - 1 clones of it, a thread each"},
    {"separate", "predict() of n models loaded from the file, a thread each; every one has the streams of one model"},
    {"processes", "predict() of a model in each of n processes"},
    {"pool", "n threads that call predict() of one pool, one image a call"},
    {"jpeg", "the same with JPEG images, whose bytes are in memory; the column image says where they are decoded"},
    {"predict", "the command predict over JPEG files, with n clones; p50 is of its calls of the network"},
    {"streams", "n readers of a video, a thread each, whose frames go to one pool"},
};

std::string number(double value, int decimals) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(decimals) << value;
  return text.str();
}

std::string size(const Json& pair) {
  return std::to_string(pair[0].get<int>()) + "x" + std::to_string(pair[1].get<int>());
}

std::string counted(int count, const std::string& what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

/// Writes text in lines of at most kColumns, which but for the first begin with `indent` spaces.
void wrap(std::ostream& out, const std::string& text, std::size_t indent = 0) {
  std::istringstream words(text);
  std::size_t at = text.find_first_not_of(' ');
  out << std::string(at == std::string::npos ? 0 : at, ' ');
  bool first = true;
  for (std::string word; words >> word; first = false) {
    if (!first && at + 1 + word.size() > kColumns) {
      out << '\n' << std::string(indent, ' ');
      at = indent;
    } else if (!first) {
      out << ' ';
      ++at;
    }
    out << word;
    at += word.size();
  }
  out << '\n';
}

void explain(std::ostream& out, const std::string& title, const std::string& meaning) {
  constexpr std::size_t kIndent = 15;
  if (meaning.empty()) return;
  std::ostringstream line;
  line << std::left << std::setw(kIndent - 2) << title;
  out << line.str() << "  ";
  std::ostringstream text;
  wrap(text, std::string(kIndent, ' ') + meaning, kIndent);
  out << text.str().substr(kIndent);
}

void header(std::ostream& out, const Json& report) {
  const Json& machine = report["machine"];
  std::string text;
  for (const auto& [name, version] : machine["versions"].items()) {
    text += (text.empty() ? "" : ", ") + name + " " + version.get<std::string>();
  }
  text += " on " + machine["cpu"].get<std::string>() + ", " + counted(machine["cores"].get<int>(), "core") + ", " +
          number(machine["memory_mb"].get<double>(), 0) + " MB of memory";
  if (!machine["gpu"].is_null()) text += ", " + machine["gpu"].get<std::string>();
  wrap(out, text);

  text = report["model"].get<std::string>() + ": " + report["task"].get<std::string>() + ", " +
         report["precision"].get<std::string>() + ", network " + size(report["network"]) + ", batch " +
         std::to_string(report["batch"].get<int>());
  if (report.contains("optimization_level")) {
    text += ", built at optimization level " + report["optimization_level"].get<std::string>();
  }
  text += "; image " + size(report["image"]);
  for (const Json& row : report["rows"]) {
    if (!row.contains("objects")) continue;
    text += ", " + counted(row["objects"].get<int>(), "object") + " found in it";
    break;
  }
  wrap(out, text);
}

/// A column's key in a row: what others call images, streams call frames.
std::string keyIn(const Json& row, std::string_view key) {
  constexpr std::string_view kImages = "images_per_s";
  if (row.contains(key) || !key.ends_with(kImages)) return std::string(key);
  return std::string(key.substr(0, key.size() - kImages.size())) + "frames_per_s";
}

/// Rows of a CPU say 0 for memory on the GPU.
bool has(const Json& row, const Column& column) {
  const std::string key = keyIn(row, column.key);
  return row.contains(key) && (row[key] != 0 || key != "gpu_mb");
}

/// Where the image is, or is decoded.
std::string placeOf(const Json& row) {
  if (row["kind"] == "network") return "-";
  if (row.contains("decode")) return row["decode"];
  return row["memory"] == "device" ? "gpu" : row["memory"].get<std::string>();
}

/// Some rows are told of by themselves.
Json rowsThat(const Json& rows, bool (*wanted)(const Json&)) {
  Json some = Json::array();
  std::copy_if(rows.begin(), rows.end(), std::back_inserter(some), wanted);
  return some;
}

/// What the streams that did not fit were stopped by.
void writeLimits(std::ostream& out, const Json& rows) {
  for (const Json& row : rows) {
    if (!row.contains("limit_p99_ms")) continue;
    std::string text = std::to_string(row["n"].get<int>()) + " streams fit with a p99 of at most " +
                       number(row["limit_p99_ms"].get<double>(), 1) + " ms.";
    if (row.contains("full_at")) {
      text += " With " + std::to_string(row["full_at"].get<int>()) + " it was " +
              number(row["full_p99_ms"].get<double>(), 1) + " ms, and " +
              counted(row["full_behind"].get<int>(), "stream") + " fell behind; full first: the " +
              row["full_first"].get<std::string>() + ".";
    }
    out << '\n';
    wrap(out, text);
  }
}

void writeGroup(std::ostream& out, const Json& rows, const Group& group, bool errors) {
  Group columns;
  std::copy_if(group.begin(), group.end(), std::back_inserter(columns), [&](const Column& column) {
    return std::any_of(rows.begin(), rows.end(), [&](const Json& row) { return has(row, column); });
  });
  if (columns.empty() && !errors) return;
  const bool images = std::any_of(rows.begin(), rows.end(),
                                  [](const Json& row) { return row["memory"] != "host" || row.contains("decode"); });
  const auto begin = [&](const std::string& kind, const std::string& image, const std::string& n) {
    out << std::left << std::setw(10) << kind;
    if (images) out << std::setw(6) << image;
    out << std::right << std::setw(5) << n;
  };
  out << '\n';
  begin("kind", "image", "n");
  for (const Column& column : columns) out << std::setw(column.width) << column.title;
  out << '\n';
  for (const Json& row : rows) {
    const bool failed = row.contains("error");
    const bool shown =
        std::any_of(columns.begin(), columns.end(), [&](const auto& column) { return has(row, column); });
    if (!shown && !(failed && errors)) continue;
    const auto kind = row["kind"].get<std::string>();
    begin(kind, placeOf(row), std::to_string(row["n"].get<int>()));
    for (const Column& column : columns) {
      if (failed) break;
      const std::string key = keyIn(row, column.key);
      out << std::setw(column.width) << (row.contains(key) ? number(row[key].get<double>(), column.decimals) : "-");
    }
    out << '\n';
    if (failed) wrap(out, "          failed: " + row["error"].get<std::string>(), 10);
  }
  out << '\n';
  for (const Column& column : columns) explain(out, column.title, column.meaning);
}

}  // namespace

std::string table(const Json& report, bool all) {
  std::ostringstream out;
  const Json& rows = report["rows"];
  header(out, report);
  writeGroup(out, rows, kMain, true);
  for (const auto& [kind, meaning] : kKinds) {
    const bool shown =
        std::any_of(rows.begin(), rows.end(), [&, name = kind](const Json& row) { return row["kind"] == name; });
    if (shown) explain(out, kind, meaning);
  }
  const auto onGpus = [](const Json& row) {
    return row.contains("gpus") && (row["kind"] == "clones" || row["kind"] == "pool" || row["kind"] == "jpeg");
  };
  if (std::any_of(rows.begin(), rows.end(), [](const Json& row) { return row.contains("gpu_ratio"); })) {
    writeGroup(out, rowsThat(rows, onGpus), kGpus, false);
  }
  const auto compares = [](const Json& row) { return row.contains("exported_ratio"); };
  writeGroup(out, rowsThat(rows, compares), kExported, false);
  const auto decodes = [](const Json& row) { return row.contains("decode"); };
  writeGroup(out, rowsThat(rows, decodes), kDecoding, false);
  writeGroup(out, rowsThat(rows, [](const Json& row) { return row.contains("fps"); }), kPacing, false);
  writeLimits(out, rows);
  for (const Group& group : kFurther) {
    if (all) writeGroup(out, rows, group, false);
  }
  if (!all) out << "\n--all shows the rest: parts of a call, memory in detail, queues.\n";
  return out.str();
}

std::string line(const Json& row) {
  std::string text = row["kind"].get<std::string>() + " " + std::to_string(row["n"].get<int>());
  if (row.contains("decode")) {
    text += ", decoded on the " + std::string(row["decode"] == "gpu" ? "GPU" : "CPU");
    if (row["decode"] == "fast") text += " with fast decode";
  } else if (row["memory"] == "device") {
    text += ", image on the GPU";
  }
  if (row["memory"] == "pinned") text += ", image in page-locked memory";
  if (row.value("gpus", 1) > 1) text += ", " + std::to_string(row["gpus"].get<int>()) + " GPUs";
  if (row.contains("error")) return text + ": failed: " + row["error"].get<std::string>();
  const bool frames = row.contains("frames_per_s");
  text += ": " + number(row[frames ? "frames_per_s" : "images_per_s"].get<double>(), 1) +
          (frames ? " frames/s" : " images/s");
  if (row.contains("ratio")) {
    text += ", " + number(row["ratio"].get<double>(), 3) + " of " +
            (row.contains("decode") ? "the limit" : "the network alone");
  }
  if (row.contains("gpu_ratio")) text += ", " + number(row["gpu_ratio"].get<double>(), 3) + " x one GPU";
  if (frames) text += ", p99 " + number(row["p99_ms"].get<double>(), 1) + " ms";
  text += ", " + number(row["rss_mb"].get<double>(), 0) + " MB";
  if (row["gpu_mb"] != 0) text += " and " + number(row["gpu_mb"].get<double>(), 0) + " MB on the GPU";
  return text;
}

}  // namespace bench
