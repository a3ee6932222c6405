#include "model/nms.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace trtyolo {
namespace {

std::vector<Candidate> randomCandidates(unsigned seed, std::size_t count, int classes, int scoreLevels) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> place(0, 600), side(5, 120);
  std::uniform_int_distribution<int> classIndex(0, classes - 1), level(1, scoreLevels);
  std::vector<Candidate> candidates;
  for (std::size_t i = 0; i < count; ++i) {
    const float left = place(random), top = place(random);
    candidates.push_back({{left, top, left + side(random), top + side(random)},
                          static_cast<float>(level(random)) / static_cast<float>(scoreLevels),
                          classIndex(random),
                          static_cast<std::uint32_t>(i)});
  }
  return candidates;
}

// The definition, box by box: sort, then each living box kills those behind it.
std::vector<std::uint32_t> suppressedByDefinition(std::vector<Candidate> boxes, float iou, bool agnostic) {
  std::stable_sort(boxes.begin(), boxes.end(), [](const auto& a, const auto& b) { return a.score > b.score; });
  std::vector<bool> dead(boxes.size());
  std::vector<std::uint32_t> kept;
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    if (dead[i]) {
      continue;
    }
    kept.push_back(boxes[i].anchor);
    for (std::size_t j = i + 1; j < boxes.size(); ++j) {
      const Box &a = boxes[i].box, &b = boxes[j].box;
      const double width = std::min<double>(a.right, b.right) - std::max<double>(a.left, b.left);
      const double height = std::min<double>(a.bottom, b.bottom) - std::max<double>(a.top, b.top);
      const double both = width > 0 && height > 0 ? width * height : 0.0;
      const double all = (double(a.right) - a.left) * (double(a.bottom) - a.top) +
                         (double(b.right) - b.left) * (double(b.bottom) - b.top) - both;
      if ((agnostic || boxes[i].classIndex == boxes[j].classIndex) && both / all > iou) {
        dead[j] = true;
      }
    }
  }
  return kept;
}

std::vector<std::uint32_t> anchors(const std::vector<Candidate>& candidates) {
  std::vector<std::uint32_t> result;
  for (const Candidate& candidate : candidates) {
    result.push_back(candidate.anchor);
  }
  return result;
}

TEST(NmsTest, EqualsTheDefinitionOnRandomBoxes) {
  for (unsigned seed = 0; seed < 40; ++seed) {
    const auto candidates = randomCandidates(seed, 400, 1 + static_cast<int>(seed % 3), 1000000);
    for (const float iou : {0.0F, 0.3F, 0.7F, 1.0F}) {
      for (const bool agnostic : {false, true}) {
        EXPECT_EQ(anchors(suppress(candidates, iou, agnostic, 100000)),
                  suppressedByDefinition(candidates, iou, agnostic))
            << "seed " << seed << ", IoU " << iou << ", agnostic " << agnostic;
      }
    }
  }
}

TEST(NmsTest, EqualScoresGoByAnchor) {
  const auto candidates = randomCandidates(7, 300, 2, 3);
  EXPECT_EQ(anchors(suppress(candidates, 0.5F, false, 100000)), suppressedByDefinition(candidates, 0.5F, false));
}

TEST(NmsTest, StopsAtTheMostAllowed) {
  const auto candidates = randomCandidates(3, 200, 80, 1000000);
  const auto all = anchors(suppress(candidates, 0.7F, false, 1000));
  ASSERT_GT(all.size(), 10U);
  auto ten = anchors(suppress(candidates, 0.7F, false, 10));
  EXPECT_EQ(ten, std::vector<std::uint32_t>(all.begin(), all.begin() + 10));
}

TEST(NmsTest, TheThresholdItselfDoesNotSuppress) {
  // Two boxes of 10 x 10 that share 10 x 5: IoU is 50 / 150, exactly the f32 value below.
  const std::vector<Candidate> two = {{{0, 0, 10, 10}, 0.9F, 0, 0}, {{0, 5, 10, 15}, 0.8F, 0, 1}};
  const float iou = 50.0F / 150.0F;
  EXPECT_EQ(suppress(two, iou, false, 10).size(), 2U);
  EXPECT_EQ(suppress(two, std::nextafter(iou, 0.0F), false, 10).size(), 1U);
}

TEST(NmsTest, HoldsTheBestOfVeryMany) {
  const auto candidates = randomCandidates(11, 40000, 1, 1 << 30);
  const auto kept = suppress(candidates, 0.7F, false, 300);
  ASSERT_EQ(kept.size(), 300U);
  const auto best = std::max_element(candidates.begin(), candidates.end(),
                                     [](const auto& a, const auto& b) { return a.score < b.score; });
  EXPECT_EQ(kept[0].score, best->score);
  EXPECT_TRUE(std::is_sorted(kept.begin(), kept.end(), [](const auto& a, const auto& b) { return a.score > b.score; }));
}

TEST(NmsTest, EmptyAndDegenerateBoxes) {
  EXPECT_TRUE(suppress({}, 0.5F, false, 300).empty());
  // Boxes without area have no overlap with anything (0 / 0 is not larger than a threshold).
  const std::vector<Candidate> points = {{{5, 5, 5, 5}, 0.9F, 0, 0}, {{5, 5, 5, 5}, 0.8F, 0, 1}};
  EXPECT_EQ(suppress(points, 0.5F, false, 300).size(), 2U);
}

}  // namespace
}  // namespace trtyolo
