
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "model/nms.hpp"

namespace trtyolo {
namespace {

constexpr float kPi = 3.14159265F;

std::vector<std::uint32_t> anchorsOf(const std::vector<RotatedCandidate>& candidates) {
  std::vector<std::uint32_t> anchors;
  for (const RotatedCandidate& candidate : candidates) {
    anchors.push_back(candidate.anchor);
  }
  return anchors;
}

using Anchors = std::vector<std::uint32_t>;

// The overlap's definition in f64, without shortcuts.
double overlap(const RotatedCandidate& p, const RotatedCandidate& q) {
  const auto covariance = [](const RotatedCandidate& box) {
    const double along = static_cast<double>(box.width) * box.width / 12;
    const double across = static_cast<double>(box.height) * box.height / 12;
    const double cos = std::cos(static_cast<double>(box.theta)), sin = std::sin(static_cast<double>(box.theta));
    return std::array<double, 3>{along * cos * cos + across * sin * sin, along * sin * sin + across * cos * cos,
                                 (along - across) * cos * sin};
  };
  const auto [a1, b1, c1] = covariance(p);
  const auto [a2, b2, c2] = covariance(q);
  const double a = a1 + a2, b = b1 + b2, c = c1 + c2, determinant = a * b - c * c, eps = 1e-7;
  const double dx = static_cast<double>(p.x) - q.x, dy = static_cast<double>(p.y) - q.y;
  const double distance =
      (a * dy * dy + b * dx * dx) / (determinant + eps) / 4 - c * dx * dy / (determinant + eps) / 2 +
      std::log(determinant / (4 * std::sqrt((a1 * b1 - c1 * c1) * (a2 * b2 - c2 * c2)) + eps) + eps) / 2;
  return 1 - std::sqrt(1 - std::exp(-std::clamp(distance, eps, 100.0)) + eps);
}

TEST(RotatedNmsTest, TurningKeepsBoxesApart) {
  // A cross of two long boxes overlaps little, the same box twice wholly.
  const std::vector<RotatedCandidate> cross{{100, 100, 80, 10, 0, 0.9F, 0, 0}, {100, 100, 80, 10, kPi / 2, 0.8F, 0, 1}};
  EXPECT_EQ(anchorsOf(suppressRotated(cross, 0.5F, false, 300)), (Anchors{0, 1}));
  const std::vector<RotatedCandidate> twice{{100, 100, 80, 10, 0.3F, 0.8F, 0, 0}, {101, 100, 80, 10, 0.3F, 0.9F, 0, 1}};
  EXPECT_EQ(anchorsOf(suppressRotated(twice, 0.5F, false, 300)), (Anchors{1}));
  // Half a turn, and a quarter with the sides exchanged, are the same box.
  const std::vector<RotatedCandidate> same{{100, 100, 80, 10, 0.3F, 0.9F, 0, 0},
                                           {100, 100, 80, 10, 0.3F + kPi, 0.8F, 0, 1},
                                           {100, 100, 10, 80, 0.3F + kPi / 2, 0.7F, 0, 2}};
  EXPECT_EQ(anchorsOf(suppressRotated(same, 0.9F, false, 300)), (Anchors{0}));
}

TEST(RotatedNmsTest, ASuppressedBoxSuppressesToo) {
  // Each overlaps its neighbour, the first and the last do not overlap.
  const std::vector<RotatedCandidate> chain{
      {100, 100, 40, 40, 0, 0.9F, 0, 0}, {112, 100, 40, 40, 0, 0.8F, 0, 1}, {124, 100, 40, 40, 0, 0.7F, 0, 2}};
  EXPECT_GT(overlap(chain[0], chain[1]), 0.5);
  EXPECT_LT(overlap(chain[0], chain[2]), 0.5);
  EXPECT_EQ(anchorsOf(suppressRotated(chain, 0.5F, false, 300)), (Anchors{0}));
}

TEST(RotatedNmsTest, ClassesAgnosticMostAndTies) {
  const std::vector<RotatedCandidate> boxes{
      {100, 100, 40, 20, 0, 0.5F, 1, 4}, {100, 100, 40, 20, 0, 0.5F, 0, 2}, {300, 100, 40, 20, 0, 0.9F, 0, 9}};
  EXPECT_EQ(anchorsOf(suppressRotated(boxes, 0.5F, false, 300)), (Anchors{9, 2, 4}));
  EXPECT_EQ(anchorsOf(suppressRotated(boxes, 0.5F, true, 300)), (Anchors{9, 2}));
  EXPECT_EQ(anchorsOf(suppressRotated(boxes, 0.5F, false, 1)), (Anchors{9}));
  EXPECT_TRUE(suppressRotated({}, 0.5F, false, 300).empty());
}

// The shortcut for boxes far apart never changes what is kept.
TEST(RotatedNmsTest, EqualsTheDefinitionOnRandomBoxes) {
  std::mt19937 random(11);
  const auto uniform = [&](float low, float high) {
    return low + (high - low) * static_cast<float>(random() % 100000) / 100000.0F;
  };
  for (int round = 0; round < 60; ++round) {
    const float largest = round % 3 == 0 ? 3.0F : round % 3 == 1 ? 60.0F : 600.0F;
    std::vector<RotatedCandidate> boxes;
    for (std::uint32_t i = 0; i < 120; ++i) {
      boxes.push_back({uniform(0, 200), uniform(0, 200), uniform(0.1F, largest), uniform(0.1F, largest),
                       uniform(-kPi, kPi), 1.0F - static_cast<float>(i) * 0.001F, 0, i});
    }
    const float iou = uniform(0.02F, 0.98F);
    Anchors expected;
    bool undecidable = false;
    for (std::size_t i = 0; i < boxes.size(); ++i) {
      bool free = true;
      for (std::size_t j = 0; j < i; ++j) {
        const double value = overlap(boxes[j], boxes[i]);
        undecidable = undecidable || std::abs(value - static_cast<double>(iou)) < 1e-4;
        free = free && !(value > static_cast<double>(iou));
      }
      if (free) {
        expected.push_back(boxes[i].anchor);
      }
    }
    if (!undecidable) {
      EXPECT_EQ(anchorsOf(suppressRotated(boxes, iou, true, 300)), expected) << "round " << round << ", iou " << iou;
    }
  }
}

TEST(RotatedNmsTest, SurvivesValuesThatAreNoBoxes) {
  const float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
  std::vector<RotatedCandidate> boxes;
  std::uint32_t anchor = 0;
  for (const float value : {nan, inf, -inf, 0.0F, -5.0F, 1e38F, 1e-38F}) {
    boxes.push_back({value, 100, 40, 20, 0, 0.9F, 0, anchor++});
    boxes.push_back({100, 100, value, 20, 0, 0.9F, 0, anchor++});
    boxes.push_back({100, 100, value, value, value, 0.9F, 60000, anchor++});
  }
  EXPECT_LE(suppressRotated(boxes, 0.5F, false, 300).size(), boxes.size());
}

TEST(RotatedNmsTest, ManyCandidatesEndInTime) {
  std::vector<RotatedCandidate> boxes;
  for (std::uint32_t i = 0; i < 40000; ++i) {
    boxes.push_back({static_cast<float>(i % 200) * 100, static_cast<float>(i / 200) * 100, 30, 20, 0.1F,
                     1.0F - static_cast<float>(i) * 1e-5F, 0, i});
  }
  EXPECT_EQ(suppressRotated(boxes, 0.7F, false, 100000).size(), kMostCandidates);
}

}  // namespace
}  // namespace trtyolo
