// What a row of each kind runs and says, on a network that is small.
#include "subject.hpp"

#include <gtest/gtest.h>

#include <string>

namespace bench {
namespace {

using Json = nlohmann::ordered_json;

const std::string kShapes = TRTYOLO_TEST_DATA "/shapes/";

struct Measured {
  Speed predict, network;
  Json memory, work;
};

Measured measured(const Job& job, Settings settings = {}) {
  if (settings.model.empty()) settings.model = kShapes + "detect-dynamic.onnx";
  settings.option.setRect(false).setNetworkSize(160, 160);
  const SourceImage image = drawnImage(640, 360);
  Subject subject(settings, job, image);
  Measured all;
  if (job.kind != kNetwork) all.predict = subject.predict(0.05);
  all.network = subject.network(0.05);
  all.memory = subject.memory();
  all.work = subject.work();
  return all;
}

TEST(Subject, EachKindIsAtWork) {
  for (const char* kind : {kModel, kClones, kSeparate, kPool}) {
    SCOPED_TRACE(kind);
    const int n = kind == kModel ? 1 : 3;
    const Measured row = measured({kind, n});
    EXPECT_GE(row.predict.latencies.size(), static_cast<std::size_t>(n));
    EXPECT_GE(row.predict.seconds, 0.05);
    EXPECT_EQ(row.predict.images, 1);
    EXPECT_GE(row.network.latencies.size(), 1U);
    EXPECT_GT(row.memory["rss_mb"], 0);
    EXPECT_EQ(row.memory["gpu_mb"], 0);
    EXPECT_EQ(row.memory.contains("clone_mb"), kind == kClones);
    EXPECT_EQ(row.memory.contains("idle_clone_mb"), kind == kClones);
    EXPECT_GT(row.work["preprocess_ms"], 0);
    EXPECT_GT(row.work["inference_ms"], 0);
    EXPECT_GT(row.work["postprocess_ms"], 0);
    EXPECT_EQ(row.work.contains("queue_ms"), kind == kPool);
    EXPECT_TRUE(row.work.contains("objects"));
  }
}

TEST(Subject, OfTheNetworkMemoryIsReadWhileItRuns) {
  const Measured row = measured({kNetwork, 2});
  EXPECT_GE(row.network.latencies.size(), 2U);
  EXPECT_GT(row.memory["rss_mb"], 0);
  EXPECT_FALSE(row.work.contains("preprocess_ms"));
}

TEST(Subject, CallsAreLimited) {
  Settings settings;
  settings.atOnce = 1;
  const Measured limited = measured({kClones, 4}, settings);
  double busy = 0;  // of calls one after the other
  for (const double latency : limited.predict.latencies) busy += latency;
  EXPECT_LE(busy, 1.5 * limited.predict.seconds * 1e3);  // unlimited: four times
  EXPECT_EQ(limited.memory["streams"], 1);
}

TEST(Subject, ALoneCallerHasTheLowLatencyModel) {
  Settings settings;
  settings.model = settings.lowLatencyModel = kShapes + "detect-dynamic.onnx";
  settings.option.setBatch(2);
  EXPECT_EQ(measured({kPool, 1}, settings).network.images, 1);
  EXPECT_EQ(measured({kPool, 2}, settings).network.images, 2);
}

TEST(Subject, ABatchIsACall) {
  Settings settings;
  settings.option.setBatch(2);
  const Measured row = measured({kModel, 1}, settings);
  EXPECT_EQ(row.predict.images, 2);
  EXPECT_EQ(row.memory["batch"], 2);
}

TEST(Subject, WhatThrowsComesOut) {
  const SourceImage none;  // no pixels: predict() refuses it
  Settings settings;
  settings.model = kShapes + "detect.onnx";
  Subject subject(settings, {kPool, 4}, none);
  EXPECT_THROW(subject.predict(0.05), std::invalid_argument);
  EXPECT_THROW(subject.predict(0.05), std::invalid_argument);
}

}  // namespace
}  // namespace bench
