// Boxes of several slices: SAHI's results on the same boxes (tests/data/README.md has the file), and what it has none
// of.
#include "model/box_merge.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>

#include "support/random.hpp"
#include "support/references.hpp"

namespace trtyolo {
namespace {

using nlohmann::json;
using test::Random;

const json& references() {
  static const json kAll = [] {
    std::ifstream stream(test::dataPath("../tests/data/merges.json"));
    return json::parse(stream);
  }();
  return kAll;
}

// In the file: quarters of a pixel, thousandths of scores.
std::vector<FoundBox> boxesOf(const json& rows) {
  std::vector<FoundBox> boxes;
  for (const json& row : rows) {
    const auto values = row.get<std::vector<float>>();
    boxes.push_back({{{values[0] / 4, values[1] / 4, values[2] / 4, values[3] / 4}, 0},
                     values[4] / 1000,
                     static_cast<int>(values[5])});
  }
  return boxes;
}

using Row = std::array<long, 6>;

std::vector<Row> rowsOf(const std::vector<MergedBox>& merged) {
  std::vector<Row> rows;
  for (const auto& [kept, others, found] : merged) {
    rows.push_back({std::lround(4 * found.box.left), std::lround(4 * found.box.top), std::lround(4 * found.box.right),
                    std::lround(4 * found.box.bottom), std::lround(1000 * found.score), found.classIndex});
  }
  return rows;
}

SliceOption optionOf(const json& result) {
  SliceOption option;
  option.merge = sliceMergeOf(result.at("merge"));
  option.matchMetric = matchMetricOf(result.at("metric"));
  option.matchThreshold = result.at("threshold");
  option.classAgnostic = result.at("agnostic");
  return option;
}

TEST(BoxMergeTest, EqualsSahi) {
  std::size_t compared = 0;
  for (const json& scene : references().at("scenes")) {
    const std::vector<FoundBox> boxes = boxesOf(scene.at("boxes"));
    for (const json& result : scene.at("results")) {
      const SliceOption option = optionOf(result);
      SCOPED_TRACE(scene.at("scene").get<std::string>() + ", " + toString(option.merge) + ", " +
                   toString(option.matchMetric) + " " + std::to_string(option.matchThreshold) +
                   (option.classAgnostic ? ", agnostic" : ""));
      std::vector<Row> expected;
      for (const json& row : result.at("found")) {
        const auto values = row.get<std::vector<long>>();
        expected.push_back({values[0], values[1], values[2], values[3], values[4], values[5]});
      }
      // SAHI has merged objects class by class.
      std::stable_sort(expected.begin(), expected.end(), [](const Row& a, const Row& b) { return a[4] > b[4]; });
      ASSERT_EQ(rowsOf(mergeBoxes(boxes, option, false)), expected);
      ++compared;
    }
  }
  EXPECT_GE(compared, 80U);
}

TEST(BoxMergeTest, SlicesEqualSahi) {
  for (const json& each : references().at("slices")) {
    SliceOption option;
    option.width = each.at("slice")[0];
    option.height = each.at("slice")[1];
    option.overlap = each.at("overlap");
    std::vector<std::array<int, 4>> found;
    for (const auto& [x, y, width, height] : slicesOf(each.at("image")[0], each.at("image")[1], option)) {
      found.push_back({x, y, x + width, y + height});
    }
    ASSERT_EQ(found.size(), each.at("count").get<std::size_t>()) << each.at("image");
    const auto expected = each.at("slices").get<std::vector<std::array<int, 4>>>();
    if (found.size() > expected.size()) {
      found.erase(found.begin() + static_cast<std::ptrdiff_t>(expected.size() / 2),
                  found.end() - static_cast<std::ptrdiff_t>(expected.size() / 2));
    }
    EXPECT_EQ(found, expected) << each.at("image");
  }
}

TEST(BoxMergeTest, NothingAndWhatIsNotFinite) {
  EXPECT_TRUE(mergeBoxes({}, {}, false).empty());
  EXPECT_TRUE(mergeBoxes({}, {}, true).empty());
  const float nan = std::numeric_limits<float>::quiet_NaN(), infinite = std::numeric_limits<float>::infinity();
  for (const bool rotated : {false, true}) {
    for (const SliceMerge merge : {SliceMerge::GreedyNmm, SliceMerge::Nmm, SliceMerge::Nms}) {
      std::vector<FoundBox> boxes = {{{{0, 0, 10, 10}, 0}, 0.9F, 0},       {{{0, 0, 10, nan}, 0}, 0.8F, 0},
                                     {{{nan, nan, nan, nan}, 0}, 0.8F, 0}, {{{0, 0, infinite, 10}, 0}, 0.7F, 0},
                                     {{{1, 1, 10, 10}, 0}, 0.6F, 0},       {{{1, 1, 9, 9}, nan}, 0.5F, 0}};
      SliceOption option;
      option.merge = merge;
      const std::vector<MergedBox> merged = mergeBoxes(boxes, option, rotated);
      EXPECT_EQ(merged.size(), 5U);
      EXPECT_EQ(merged.front().kept, 0U);
    }
  }
}

// What SAHI does by comparing all pairs.
std::vector<std::size_t> keptOfAllPairs(const std::vector<FoundBox>& boxes, double threshold) {
  std::vector<std::size_t> order(boxes.size()), kept;
  for (std::size_t i = 0; i < order.size(); ++i) {
    order[i] = i;
  }
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return boxes[a].score > boxes[b].score; });
  const auto overlap = [](const Box& a, const Box& b) {
    const float width = std::max(0.0F, std::min(a.right, b.right) - std::max(a.left, b.left));
    const float height = std::max(0.0F, std::min(a.bottom, b.bottom) - std::max(a.top, b.top));
    const float areaA = (a.right - a.left) * (a.bottom - a.top), areaB = (b.right - b.left) * (b.bottom - b.top);
    return width * height / std::min(areaA, areaB);
  };
  std::vector<bool> gone(boxes.size());
  for (const std::size_t i : order) {
    if (gone[i]) {
      continue;
    }
    kept.push_back(i);
    for (std::size_t j = 0; j < boxes.size(); ++j) {
      gone[j] = gone[j] || overlap(boxes[i].box, boxes[j].box) >= static_cast<float>(threshold);
    }
  }
  return kept;
}

// Sizes and places of all kinds, so that boxes lie in one cell of the grid, in many, and at its edges.
TEST(BoxMergeTest, NoPairIsOverlooked) {
  Random random(7);
  for (int round = 0; round < 60; ++round) {
    std::vector<FoundBox> boxes;
    const int count = random.between(1, 400), extent = random.between(1, 3000);
    for (int i = 0; i < count; ++i) {
      const auto x = static_cast<float>(random.between(-extent, extent));
      const auto y = static_cast<float>(random.between(0, 1 + extent / random.between(1, 50)));
      const int most = random.between(0, 9) == 0 ? extent : 40;
      const Box box{x, y, x + static_cast<float>(random.between(1, most)),
                    y + static_cast<float>(random.between(1, most))};
      boxes.push_back({{box, 0}, 1.0F - static_cast<float>(i) / 1000, 0});
    }
    SliceOption option;
    option.merge = SliceMerge::Nms;
    option.matchThreshold = 0.1 * random.between(1, 10);
    std::vector<std::size_t> kept;
    for (const MergedBox& each : mergeBoxes(boxes, option, false)) {
      kept.push_back(each.kept);
    }
    ASSERT_EQ(kept, keptOfAllPairs(boxes, option.matchThreshold)) << "round " << round;
  }
}

FoundBox rotatedBox(float x, float y, float width, float height, float theta, float score) {
  return {{{x - width / 2, y - height / 2, x + width / 2, y + height / 2}, theta}, score, 0};
}

TEST(RotatedMergeTest, UprightOnesAreMergedAsUprightBoxes) {
  for (const json& scene : references().at("scenes")) {
    if (scene.at("scene") == "pile" || scene.at("scene") == "thousands") {
      continue;  // values at a threshold's edge, which roundings decide; time
    }
    const std::vector<FoundBox> boxes = boxesOf(scene.at("boxes"));
    SliceOption option;
    option.matchThreshold = 0.513;
    EXPECT_EQ(rowsOf(mergeBoxes(boxes, option, true)), rowsOf(mergeBoxes(boxes, option, false))) << scene.at("scene");
  }
}

// Upright boxes around them cover each other, they do not.
TEST(RotatedMergeTest, NeighboursSideBySideAreTwo) {
  const std::vector<FoundBox> boxes = {rotatedBox(100, 100, 120, 16, 0.785F, 0.9F),
                                       rotatedBox(115, 85, 120, 16, 0.785F, 0.8F)};
  for (const SliceMerge merge : {SliceMerge::GreedyNmm, SliceMerge::Nmm, SliceMerge::Nms}) {
    SliceOption option;
    option.merge = merge;
    option.matchThreshold = 0.1;
    EXPECT_EQ(mergeBoxes(boxes, option, true).size(), 2U);
  }
}

TEST(RotatedMergeTest, AnObjectThatASliceHasCutOffIsWhole) {
  // The left half, a piece of the right one with its sides named the other way round, and the angle by which they
  // differ.
  const float theta = 0.5F, half = 3.14159265F / 2;
  const auto along = [&](float way) { return std::pair(200 + way * std::cos(theta), 150 + way * std::sin(theta)); };
  const auto [x1, y1] = along(-20);
  const auto [x2, y2] = along(40);
  const std::vector<FoundBox> boxes = {rotatedBox(x1, y1, 80, 30, theta, 0.9F),
                                       rotatedBox(x2, y2, 30, 80, theta - half, 0.7F)};
  SliceOption option;
  option.matchThreshold = 0.2;
  const std::vector<MergedBox> merged = mergeBoxes(boxes, option, true);
  ASSERT_EQ(merged.size(), 1U);
  EXPECT_EQ(merged[0].merged, std::vector<std::size_t>{1});
  const auto [x, y, width, height, angle] = merged[0].found.box.xywhr();
  const auto [middleX, middleY] = along(10);  // from -60 to 80
  EXPECT_NEAR(x, middleX, 0.01);
  EXPECT_NEAR(y, middleY, 0.01);
  EXPECT_NEAR(width, 140, 0.01);
  EXPECT_NEAR(height, 30, 0.01);
  EXPECT_EQ(angle, theta);
}

// Half of one lies in the other, a quarter of which lies in the first.
TEST(RotatedMergeTest, MetricsAreThoseOfTheShapes) {
  const auto matches = [](MatchMetric metric, double threshold) {
    const std::vector<FoundBox> boxes = {
        rotatedBox(50, 50, 40, 40, 0.3F, 0.9F),
        rotatedBox(50 + 20 * std::cos(0.3F), 50 + 20 * std::sin(0.3F), 40, 20, 0.3F, 0.8F)};
    SliceOption option;
    option.matchMetric = metric;
    option.matchThreshold = threshold;
    return mergeBoxes(boxes, option, true).size() == 1;
  };
  EXPECT_TRUE(matches(MatchMetric::Ios, 0.499));
  EXPECT_FALSE(matches(MatchMetric::Ios, 0.501));
  EXPECT_TRUE(matches(MatchMetric::Iou, 0.199));
  EXPECT_FALSE(matches(MatchMetric::Iou, 0.201));
}

}  // namespace
}  // namespace trtyolo
