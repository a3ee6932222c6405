// How results of slices become one, without a network: masks, keypoints, memory; and which settings are refused.
#include "api/slicing.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/references.hpp"
#include "support/refusal.hpp"

namespace trtyolo::slicing_test {
namespace {

using nlohmann::json;
using test::dataPath;
using test::refusalOf;

// The unions that SAHI makes of polygons, as runs of pixels (tests/data/README.md has the file).
TEST(SliceMergerTest, MasksAreMergedAsSahiMergesThem) {
  std::ifstream stream(dataPath("../tests/data/merges.json"));
  const json scenes = json::parse(stream).at("scenes");
  const auto scene = std::find_if(scenes.begin(), scenes.end(), [](const json& each) { return each.at("masks"); });
  ASSERT_NE(scene, scenes.end());
  constexpr int kSide = 4000;
  for (const json& reference : scene->at("results")) {
    Result part;
    part.task = Task::Segment;
    part.masks = Masks(kSide, kSide);
    for (const json& row : scene->at("boxes")) {
      const auto values = row.get<std::vector<int>>();
      const int left = values[0] / 4, top = values[1] / 4, right = values[2] / 4, bottom = values[3] / 4;
      part.boxes.push_back(
          {static_cast<float>(left), static_cast<float>(top), static_cast<float>(right), static_cast<float>(bottom)});
      part.scores.push_back(static_cast<float>(values[4]) / 1000);
      part.classes.push_back(values[5]);
      std::vector<Masks::Run> runs;
      for (int y = top; y < bottom; ++y) {
        const auto begin = static_cast<std::uint32_t>(y * kSide);
        runs.push_back({begin + static_cast<std::uint32_t>(left), begin + static_cast<std::uint32_t>(right)});
      }
      part.masks.add(runs);
    }
    SliceOption option;
    option.width = option.height = kSide;
    option.merge = sliceMergeOf(reference.at("merge"));
    option.matchMetric = matchMetricOf(reference.at("metric"));
    option.matchThreshold = reference.at("threshold");
    option.classAgnostic = reference.at("agnostic");
    ImageView image;
    image.size = {kSide, kSide};
    SliceMerger merger(image, option);
    merger.add(std::move(part));
    const Result merged = merger.merged();
    std::vector<long> areas, expected;
    for (std::size_t i = 0; i < merged.masks.size(); ++i) {
      areas.push_back(static_cast<long>(merged.masks.area(i)));
    }
    json rows = reference.at("found");
    std::stable_sort(rows.begin(), rows.end(), [](const json& a, const json& b) { return a[4] > b[4]; });
    for (const json& row : rows) {
      expected.push_back(row[6]);
    }
    EXPECT_EQ(areas, expected) << reference.at("merge") << ' ' << reference.at("metric");
  }
}

Result poseOf(const Box& box, float score, std::vector<KeyPoint> points) {
  Result result;
  result.task = Task::Pose;
  result.boxes = {box};
  result.scores = {score};
  result.classes = {0};
  result.keypoints = {std::move(points)};
  return result;
}

TEST(SliceMergerTest, KeypointsAreThoseThatTheNetworkWasSurestOf) {
  SliceOption option;
  option.width = 100;
  option.height = 50;
  option.standardPrediction = false;
  ImageView image;
  image.size = {180, 50};
  SliceMerger merger(image, option);
  merger.add(poseOf({60, 10, 100, 40}, 0.8F, {{62, 20, 0.9F}, {99, 25, 0.3F}, {98, 30, 0.5F}}));
  merger.add(poseOf({0, 10, 50, 40}, 0.6F, {{1, 20, 0.4F}, {45, 25, 0.9F}, {40, 30, 0.5F}}));
  const Result merged = merger.merged();
  ASSERT_EQ(merged.num, 1);
  EXPECT_EQ(merged.boxes[0].xyxy(), (std::array<float, 4>{60, 10, 130, 40}));
  std::vector<float> xs;
  for (const KeyPoint& point : merged.keypoints[0]) {
    xs.push_back(point.x);
  }
  EXPECT_EQ(xs, (std::vector<float>{62, 125, 98}));
}

// 300 masks as large as a fifth of an image of 96 megapixels each: images of them would take 29 GB.
TEST(SliceMergerTest, MasksOfAHundredMegapixelsStayRuns) {
  ImageView image;
  image.size = {12000, 8000};
  const SliceOption option;
  SliceMerger merger(image, option);
  const std::size_t slices = slicesOf(12000, 8000, option).size();
  for (std::size_t i = 0; i < slices; ++i) {
    Result part;
    part.task = Task::Segment;
    part.masks = Masks(640, 640);
    merger.add(std::move(part));
  }
  Result whole;
  whole.task = Task::Segment;
  whole.masks = Masks(12000, 8000);
  std::vector<Masks::Run> runs;
  for (std::uint32_t y = 1000; y < 5000; ++y) {
    runs.push_back({y * 12000 + 500, y * 12000 + 5300});
  }
  for (int i = 0; i < 300; ++i) {
    whole.boxes.push_back({500, 1000, 5300, 5000});
    whole.scores.push_back(1 - static_cast<float>(i) / 1000);
    whole.classes.push_back(i);
    whole.masks.add(runs);
  }
  merger.add(std::move(whole));
  const Result merged = merger.merged();
  ASSERT_EQ(merged.num, 300);
  EXPECT_EQ(merged.masks.area(299), 4800U * 4000U);
  EXPECT_EQ(merged.masks.runCount(299), 4000U);
}

TEST(SliceOptionTest, SettingsGetASentence) {
  const auto refused = [](auto change) {
    SliceOption option;
    change(option);
    return refusalOf([&] { option.check(Task::Detect); });
  };
  EXPECT_EQ(refused([](SliceOption&) {}), "");
  EXPECT_EQ(
      refused([](SliceOption& option) { option.overlap = 1; }),
      "SliceOption: overlap must be from 0 to less than 1, the share of a slice that its neighbour has, too, found 1");
  for (const double overlap : {-0.1, 1.5, std::nan("")}) {
    EXPECT_NE(refused([&](SliceOption& option) { option.overlap = overlap; }), "") << overlap;
  }
  EXPECT_EQ(refused([](SliceOption& option) { option.width = -640; }),
            "SliceOption: width and height of a slice must be at least 1 pixel, found -640 x 640");
  EXPECT_NE(refused([](SliceOption& option) { option.height = 0; }), "");
  EXPECT_EQ(refused([](SliceOption& option) { option.matchThreshold = 0; }),
            "SliceOption: matchThreshold must be above 0 and at most 1, found 0");
  EXPECT_NE(refused([](SliceOption& option) { option.matchThreshold = 1.01; }), "");
  EXPECT_NE(refused([](SliceOption& option) { option.maxBatch = -1; }), "");
  EXPECT_EQ(refusalOf([] { sliceMergeOf("WBF"); }), "merge: expected one of 'GREEDYNMM', 'NMM', 'NMS', found 'WBF'");
  EXPECT_EQ(refusalOf([] { matchMetricOf("GIOU"); }), "match metric: expected one of 'IOU', 'IOS', found 'GIOU'");
  EXPECT_NE(refusalOf([] { slicesOf(0, 10, {}); }), "");
  for (const Task task : {Task::Classify, Task::Semantic, Task::Depth}) {
    EXPECT_NE(refusalOf([&] { SliceOption().check(task); }).find(toString(task)), std::string::npos);
  }
}

}  // namespace
}  // namespace trtyolo::slicing_test
