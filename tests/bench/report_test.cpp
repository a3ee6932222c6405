// The table: what it shows, and that it fits a terminal.
#include "report.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

namespace bench {
namespace {

using Json = nlohmann::ordered_json;

/// As large as figures get.
Json largeRow(const char* kind, int n, const char* memory) {
  Json row{{"kind", kind}, {"n", n}, {"batch", 64}, {"memory", memory}};
  for (const char* key : {"images_per_s", "network_images_per_s"}) row[key] = 123456.78;
  for (const char* key : {"p50_ms", "p99_ms", "network_p50_ms", "preprocess_ms", "inference_ms", "postprocess_ms",
                          "queue_ms", "queue_p99_ms"}) {
    row[key] = 98765.4321;
  }
  for (const char* key :
       {"rss_mb", "pss_mb", "gpu_mb", "program_mb", "gpu_driver_mb", "gpu_cuda_mb", "clone_mb", "idle_clone_mb",
        "gpu_engine_mb", "gpu_contexts_mb", "gpu_scratch_mb", "gpu_buffers_mb", "pinned_mb"}) {
    row[key] = 99999.9;
  }
  for (const char* key : {"ratio", "p50_ratio", "postprocess_ratio"}) row[key] = 12.3456;
  for (const char* key : {"streams", "contexts", "executors", "longest_queue", "slices", "objects"}) row[key] = 1024;
  row["mean_batch"] = 63.9;
  row["ready_s"] = 999.99;
  return row;
}

Json largeEncodedRow(const std::string& kind) {
  Json row = largeRow(kind.c_str(), 1024, "device");
  row["decode"] = "gpu";
  row["decoded_gpu"] = row["decoded_cpu"] = 12345678;
  if (kind == "jpeg") {
    row["decoder_images_per_s"] = row["limit_images_per_s"] = 123456.78;
    return row;
  }
  row.erase("images_per_s");
  row["frames_per_s"] = row["decoder_frames_per_s"] = row["limit_frames_per_s"] = 123456.78;
  row["fps"] = 1000;
  row["late_p99_ms"] = 98765.4321;
  row["behind"] = 1024;
  for (const char* key : {"decoder_share", "network_share", "cpu_share"}) row[key] = 12.3456;
  for (const char* key : {"rss_mb_per_stream", "gpu_mb_per_stream"}) row[key] = 9999.9;
  row["limit_p99_ms"] = 100.0;
  row["full_at"] = 1024;
  row["full_p99_ms"] = 98765.4321;
  row["full_behind"] = 1;
  row["full_first"] = "processor";
  return row;
}

Json report(std::vector<Json> rows) {
  return {{"model", "a folder with a long name/and another one with a longer name/yolo11x-seg-dynamic-b16.engine"},
          {"task", "segment"},
          {"precision", "f16"},
          {"network", {1280, 1280}},
          {"batch", 64},
          {"backend", "tensorrt"},
          {"optimization_level", "3"},
          {"image", {3840, 2160}},
          {"machine",
           {{"cpu", "An Unusually Verbose Processor (R) of the Ninth Generation (TM) CPU @ 3.90GHz"},
            {"cores", 128},
            {"memory_mb", 540123},
            {"gpu", "NVIDIA H200 (GPU 7)"},
            {"versions", {{"trtyolo", "0.1.0"}, {"openvino", "2026.4.1"}, {"tensorrt", "10.6.0"}}}}},
          {"rows", std::move(rows)}};
}

std::vector<std::string> linesOf(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::vector<std::string> wordsOf(const std::string& line) {
  std::istringstream stream(line);
  return {std::istream_iterator<std::string>(stream), {}};
}

TEST(Table, FitsATerminal) {
  std::vector<Json> rows;
  for (const char* memory : {"host", "device"}) {
    for (const char* kind : {"network", "model", "clones", "separate", "processes", "pool"}) {
      rows.push_back(largeRow(kind, 1024, memory));
    }
  }
  for (const char* kind : {"jpeg", "streams"}) rows.push_back(largeEncodedRow(kind));
  rows.push_back(
      {{"kind", "separate"},
       {"n", 8},
       {"memory", "host"},
       {"error",
        std::string(250, 'x') + " GPU memory" +
            " that ends while the eighth of the models is being loaded, of which each one takes four gigabytes"}});
  for (const bool all : {false, true}) {
    for (const std::string& line : linesOf(table(report(rows), all))) {
      EXPECT_TRUE(line.size() <= 100 || line.find("xxx") != std::string::npos) << line.size() << ": " << line;
    }
  }
}

TEST(Table, NumbersDoNotRunIntoEachOther) {
  const std::string text = table(report({largeRow("pool", 1024, "device")}), true);
  for (const std::string& line : linesOf(text)) {
    if (line.rfind("pool ", 0) != 0 || line.find("gpu") == std::string::npos) continue;
    for (const std::string& word : wordsOf(line)) EXPECT_LE(word.size(), 9U) << line;
  }
}

/// The titles of all tables.
std::vector<std::string> titlesOf(const std::string& text) {
  std::vector<std::string> titles;
  for (const std::string& line : linesOf(text)) {
    if (line.rfind("kind ", 0) != 0) continue;
    for (const std::string& word : wordsOf(line)) titles.push_back(word);
  }
  return titles;
}

TEST(Table, ShowsWhatWasMeasuredAndNoMore) {
  Json cpu = largeRow("clones", 4, "host");
  for (const char* key : {"gpu_engine_mb", "gpu_driver_mb", "gpu_cuda_mb", "mean_batch", "queue_ms", "longest_queue"}) {
    cpu.erase(key);
  }
  cpu["gpu_mb"] = 0;
  cpu["idle_clone_mb"] = 0;
  const std::string few = table(report({cpu}), false), all = table(report({cpu}), true);
  const std::vector<std::string> main{"kind", "n",   "images/s", "ratio", "p50", "ms",  "p99",
                                      "ms",   "p50", "ratio",    "RSS",   "MB",  "PSS", "MB"};
  EXPECT_EQ(titlesOf(few), main);
  EXPECT_NE(few.find("--all"), std::string::npos);
  std::vector<std::string> titles = titlesOf(all);
  EXPECT_EQ(std::vector<std::string>(titles.begin(), titles.begin() + 14), main);
  for (const char* title : {"preprocess", "slices", "ready", "idle", "executors"}) {
    EXPECT_EQ(std::count(titles.begin(), titles.end(), title), 1) << title;
  }
  for (const char* title : {"image", "GPU", "driver", "CUDA", "engine", "batch", "queue"}) {
    EXPECT_EQ(std::count(titles.begin(), titles.end(), title), 0) << title;
  }
  EXPECT_EQ(all.find("--all"), std::string::npos);
}

TEST(Table, OfEncodedInputShowsWhatDecodesAndWhatIsFull) {
  const std::string text = table(report({largeEncodedRow("jpeg"), largeEncodedRow("streams")}), false);
  const std::vector<std::string> titles = titlesOf(text);
  for (const char* title : {"decoder/s", "limit/s", "late", "behind", "CPU"}) {
    EXPECT_GE(std::count(titles.begin(), titles.end(), title), 1) << title;
  }
  EXPECT_NE(
      text.find("1024 streams fit with a p99 of at most 100.0 ms. With 1024 it was 98765.4 ms, and 1 stream fell"),
      std::string::npos)
      << text;
  EXPECT_NE(text.find("full first: the processor."), std::string::npos) << text;
  // Of images, too, what others call images a second.
  std::size_t shown = 0;
  for (const std::string& line : linesOf(text)) {
    const std::vector<std::string> words = wordsOf(line);
    if (words.size() > 3 && words[0] == "streams" && words[1] == "gpu" && words[3] == "123456.8") ++shown;
  }
  EXPECT_EQ(shown, 2U) << text;  // frames/s, and of the decoders
  EXPECT_NE(line(largeEncodedRow("streams")).find("123456.8 frames/s, 12.346 of the limit, p99 98765.4 ms"),
            std::string::npos);
}

TEST(Table, SaysHowTheEngineWasBuilt) {
  Json one = report({});
  EXPECT_NE(table(one, false).find("built at optimization level 3"), std::string::npos);
  one["optimization_level"] = "unknown";
  EXPECT_NE(table(one, false).find("built at optimization level unknown"), std::string::npos);
  one.erase("optimization_level");
  EXPECT_EQ(table(one, false).find("optimization"), std::string::npos);
}

TEST(Table, ARowThatFailedShowsWhy) {
  const Json failed{{"kind", "separate"}, {"n", 8}, {"memory", "host"}, {"error", "no memory"}};
  const auto lines = linesOf(table(report({largeRow("model", 1, "host"), failed}), true));
  const auto row = std::find_if(lines.begin(), lines.end(), [](auto& line) { return line.rfind("separate", 0) == 0; });
  ASSERT_NE(row, lines.end());
  EXPECT_EQ(wordsOf(*row), (std::vector<std::string>{"separate", "8"}));
  EXPECT_EQ(*(row + 1), "          failed: no memory");
  EXPECT_EQ(line(failed), "separate 8: failed: no memory");
}

TEST(Line, SaysTheRowInWords) {
  EXPECT_EQ(line({{"kind", "clones"},
                  {"n", 4},
                  {"memory", "device"},
                  {"images_per_s", 12.34},
                  {"ratio", 0.98765},
                  {"rss_mb", 99.6},
                  {"gpu_mb", 7.2}}),
            "clones 4, image on the GPU: 12.3 images/s, 0.988 of the network alone, 100 MB and 7 MB on the GPU");
}

}  // namespace
}  // namespace bench
