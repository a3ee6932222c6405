// How a row is made from what the measuring processes say; tests/bench/main.cpp is such a process.
#include "measure.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace bench {
namespace {

using Json = nlohmann::ordered_json;

const auto kIgnore = [](double) {};
const auto kNever = [] { return false; };

/// Answers as a process would: predict() at `rates` images a second, one slice after the other; the network at 100.
struct Process {
  std::vector<double> rates{50};
  std::vector<std::string> commands;
  std::size_t slices = 0;

  Json operator()(const std::string& command) {
    commands.push_back(command.substr(0, command.find(' ')));
    if (command == "memory") return {{"batch", 4}, {"rss_mb", 123.456}, {"gpu_mb", 0}};
    if (command == "work") return {{"preprocess_ms", 1.0}, {"inference_ms", 8.0}, {"postprocess_ms", 2.0}};
    if (command == "predict 0.000000") return Speed{0.01, 1, {10}};
    Speed speed{1, 1, std::vector<double>(100, 10.0)};
    if (commands.back() == "predict") {
      speed.latencies.assign(static_cast<std::size_t>(rates[slices++ % rates.size()]), 20.0);
      speed.latencies.back() = 30;
    }
    speed.processor = static_cast<double>(speed.latencies.size()) * 0.03;
    return speed;
  }
};

TEST(Measure, ARowIsHeldAgainstTheNetworkInTurns) {
  Process process{{50, 90, 50, 50}, {}};
  double share = 0;
  const Json found = measure(std::ref(process), {kClones}, 2, [&](double done) { share = done; });
  EXPECT_EQ(share, 1);
  const Json& row = found["row"];
  EXPECT_EQ(row["slices"], 4);
  EXPECT_EQ(row["images_per_s"], 60);  // (50 + 90 + 50 + 50) in 4 seconds
  EXPECT_EQ(row["ratio"], 0.5);        // the median, not the mean
  EXPECT_EQ(row["p50_ms"], 20);
  EXPECT_EQ(row["p99_ms"], 30);
  EXPECT_EQ(row["p50_ratio"], 2);
  EXPECT_EQ(row["network_images_per_s"], 100);
  EXPECT_EQ(row["network_p50_ms"], 10);
  EXPECT_EQ(row["postprocess_ratio"], 0.25);
  EXPECT_EQ(row["rss_mb"], 123.5);
  EXPECT_EQ(row["batch"], 4);
  EXPECT_EQ(found["network"], (Json{{"images_per_s", 100.0}, {"p50_ms", 10.0}, {"p99_ms", 10.0}}));
  // Memory before the network has run; and neither is always the first.
  const std::vector<std::string> order{"predict", "predict", "predict", "predict", "memory",
                                       "network", "network", "predict", "predict", "network",
                                       "network", "predict", "predict", "network", "work"};
  EXPECT_EQ(process.commands, order);
}

TEST(Measure, TheExportedNetworkTakesTurnsWithOneThatIsCut) {
  Process process;
  const Ask ask = [&](const std::string& command) -> Json {
    Json said = process(command);
    if (command == "memory") said["compares_exported"] = true;
    if (command.rfind("exported", 0) == 0) return Speed{1, 1, std::vector<double>(40, 25.0)};
    return said;
  };
  const Json row = measure(ask, {kModel}, 2, kIgnore)["row"];
  EXPECT_EQ(row["exported_images_per_s"], 40);
  EXPECT_EQ(row["exported_ratio"], 1.25);  // 50 against 40
  EXPECT_EQ(row["exported_p50_ratio"], 0.8);
  EXPECT_EQ(row["ratio"], 0.5);
  EXPECT_FALSE(row.contains("compares_exported"));
}

TEST(Measure, OfEncodedImagesDecodingTakesTurnsToo) {
  const auto row = [](double sharedCores) -> Json {
    Process process;
    return measure(std::ref(process), {kJpeg, 2}, 2, kIgnore, sharedCores)["row"];
  };
  // The network runs 100 images a second, what decodes alone 100 as well, and both together 50.
  const Json apart = row(0);
  EXPECT_EQ(apart["decoder_images_per_s"], 100);
  EXPECT_EQ(apart["limit_images_per_s"], 100);
  EXPECT_EQ(apart["ratio"], 0.5);
  EXPECT_FALSE(apart.contains("p50_ratio"));
  EXPECT_EQ(apart["cpu_ms"], 30);
  EXPECT_EQ(apart["alone_cpu_ms"], 60);  // 30 each of what decodes and of the network
  EXPECT_EQ(row(1)["limit_images_per_s"], 50);
  EXPECT_EQ(row(1)["ratio"], 1);
  EXPECT_EQ(row(0.5)["limit_images_per_s"], 66.6667);  // one decoder on one of two cores
  Process process;
  measure(std::ref(process), {kJpeg, 2}, 2, kIgnore);
  const std::vector<std::string> order{"predict", "predict", "predict", "predict", "memory",  "network", "decode",
                                       "network", "decode",  "predict", "predict", "network", "decode",  "network",
                                       "decode",  "predict", "predict", "network", "decode",  "work"};
  EXPECT_EQ(process.commands, order);
}

TEST(Measure, TheNetworkAloneHasNoRatio) {
  Process process;
  const Json found = measure(std::ref(process), {kNetwork}, 1.5, kIgnore);
  EXPECT_EQ(found["row"]["images_per_s"], 100);
  EXPECT_FALSE(found["row"].contains("ratio"));
  EXPECT_FALSE(found.contains("network"));
}

TEST(Measure, WhatThrowsInBetweenComesOut) {
  for (const std::string fails : {"predict", "network", "memory", "work"}) {
    Process process;
    const Ask ask = [&](const std::string& command) -> Json {
      if (command.rfind(fails, 0) == 0) throw Interrupted();
      return process(command);
    };
    EXPECT_THROW(measure(ask, {kModel}, 1, kIgnore), Interrupted) << fails;
  }
}

TEST(Workers, AddUpWhatTheySay) {
  const Workers workers(3, kNever);
  const Json memory = workers.ask([](std::size_t i) {
    return R"(say {"batch": 2, "rss_mb": 10.5, "executors": 1, "preprocess_ms": )" + std::to_string(i) + "}";
  });
  EXPECT_EQ(memory, (Json{{"batch", 2}, {"rss_mb", 31.5}, {"executors", 3}, {"preprocess_ms", 1.0}}));
  EXPECT_TRUE(memory["executors"].is_number_integer());
  const auto speed = workers
                         .ask([](std::size_t i) {
                           return R"(say {"seconds": )" + std::to_string(i) + R"(, "images": 2, "latencies": [1, 2]})";
                         })
                         .get<Speed>();
  EXPECT_EQ(speed.seconds, 2);
  EXPECT_EQ(speed.latencies.size(), 6U);
  EXPECT_EQ(speed.imagesPerSecond(), 6);
}

TEST(Workers, WordsOfALibraryArePassedOver) {
  EXPECT_EQ(Workers(1, kNever).ask("noise"), 7);
}

TEST(Workers, WhatFailsInOneIsSaid) {
  const Workers workers(2, kNever);
  try {
    workers.ask([](std::size_t i) { return i == 1 ? "fail" : "say 1"; });
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "it failed");
  }
}

TEST(Workers, OneThatDiesIsSaid) {
  for (const auto& [command, how] : {std::pair("die", "was killed by signal 9"), {"exit", "ended with status 3"}}) {
    try {
      Workers(2, kNever).ask(command);
      FAIL();
    } catch (const std::runtime_error& error) {
      EXPECT_NE(std::string(error.what()).find(how), std::string::npos) << error.what();
    }
  }
}

TEST(Workers, AreNotWaitedForWhenInterrupted) {
  const auto begin = std::chrono::steady_clock::now();
  const auto soon = [&] { return std::chrono::steady_clock::now() - begin > std::chrono::milliseconds(300); };
  EXPECT_THROW(Workers(2, soon).ask("sleep"), Interrupted);
}

}  // namespace
}  // namespace bench
