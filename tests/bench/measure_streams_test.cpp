// How many streams fit, of a process that says what it is told to.
#include "measure_streams.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <sstream>
#include <stdexcept>
#include <string>

namespace bench {
namespace {

using Json = nlohmann::ordered_json;

const auto kSilent = [](double) {};

/// Streams fit up to `most`; decoders give 300 frames a second, the network runs 600.
struct StreamsProcess {
  int most = 11;
  double cpu = 0.1;
  int streams = 1;

  Json operator()(const std::string& line) {
    std::istringstream words(line);
    std::string command;
    words >> command;
    if (command == "streams") words >> streams;
    if (command == "memory") return {{"rss_mb", 1.0}, {"rss_mb_per_stream", 0.5}};
    if (command == "work") return {{"preprocess_ms", 1.0}, {"inference_ms", 1.0}, {"postprocess_ms", 1.0}};
    if (command == "paced") {
      const bool fit = streams <= most;
      return {{"fps", 25.0},        {"p50_ms", 10.0},        {"p99_ms", fit ? 20.0 : 200.0},
              {"late_p99_ms", 1.0}, {"behind", fit ? 0 : 1}, {"cpu_share", cpu}};
    }
    const std::size_t rate = command == "decode" ? 300 : command == "network" ? 600 : 240;
    return Speed{1, 1, std::vector<double>(rate, 5.0)};
  }
};

TEST(MeasureStreams, IsAsFastAsTheyGoAndThenAtTheirTime) {
  StreamsProcess process;
  const Json row = measureStreams(std::ref(process), {kStreams, 4}, 2, kSilent, false)["row"];
  EXPECT_EQ(row["frames_per_s"], 240);
  EXPECT_EQ(row["decoder_frames_per_s"], 300);
  EXPECT_EQ(row["limit_frames_per_s"], 300);
  EXPECT_EQ(row["ratio"], 0.8);
  EXPECT_EQ(row["p99_ms"], 20);
  EXPECT_EQ(row["decoder_share"], 0.3333);  // 4 * 25 of 300
  EXPECT_EQ(row["network_share"], 0.1667);
  EXPECT_EQ(row["rss_mb_per_stream"], 0.5);
  EXPECT_FALSE(row.contains("images_per_s"));
}

TEST(MeasureStreams, FindsHowManyFitAndWhatIsFull) {
  StreamsProcess process;
  Json row = mostStreams(std::ref(process), {kStreams, 1}, 100, 1, kSilent, false)["row"];
  EXPECT_EQ(row["n"], 11);
  EXPECT_EQ(row["full_at"], 12);
  EXPECT_EQ(row["full_first"], "decoder");
  EXPECT_EQ(row["full_p99_ms"], 200);
  EXPECT_EQ(process.streams, 11);
  process.cpu = 1.1;
  row = mostStreams(std::ref(process), {kStreams, 1}, 100, 1, kSilent, false)["row"];
  EXPECT_EQ(row["full_first"], "processor");
}

TEST(MeasureStreams, LooksNoFurtherThanItsMost) {
  StreamsProcess process;
  process.most = 1 << 20;
  const Json row = mostStreams(std::ref(process), {kStreams, 1}, 100, 1, kSilent, false)["row"];
  EXPECT_EQ(row["n"], kMostStreams);
  EXPECT_FALSE(row.contains("full_first"));
}

TEST(MeasureStreams, OneThatDoesNotFitIsSaid) {
  StreamsProcess process;
  process.most = 0;
  try {
    mostStreams(std::ref(process), {kStreams, 1}, 100, 1, kSilent, false);
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "one stream alone has a p99 of 200.0 ms, and falls behind");
  }
}

}  // namespace
}  // namespace bench
