// Comparison of two results of the same picture, of any task.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "support/golden.hpp"
#include "trtyolo.hpp"

namespace trtyolo::test {

// What may differ.
struct Difference {
  double pixels = 0, score = 0, maskIou = 1, depth = 0;
  double otherClass = 0;  // share of a map: where two classes are nearly equal, rounding decides
};

template <typename Values>
double farthest(const Values& a, const Values& b) {
  double most = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    most = std::max(most, std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i])));
  }
  return most;
}

// The same objects in the same order, and the same maps.
inline void expectSame(const Result& found, const Result& wanted, const Difference& most) {
  ASSERT_EQ(found.task, wanted.task);
  ASSERT_EQ(found.classes, wanted.classes);
  EXPECT_LE(farthest(found.scores, wanted.scores), std::max(most.score, most.otherClass));  // of maps: shares
  ASSERT_EQ(found.boxes.size(), wanted.boxes.size());
  ASSERT_EQ(found.rotatedBoxes.size(), wanted.rotatedBoxes.size());
  ASSERT_EQ(found.masks.size(), wanted.masks.size());
  ASSERT_EQ(found.keypoints.size(), wanted.keypoints.size());
  for (std::size_t i = 0; i < wanted.boxes.size(); ++i) {
    EXPECT_LE(farthest(found.boxes[i].xyxy(), wanted.boxes[i].xyxy()), most.pixels) << i;
  }
  for (std::size_t i = 0; i < wanted.rotatedBoxes.size(); ++i) {
    EXPECT_LE(farthest(found.rotatedBoxes[i].xywhr(), wanted.rotatedBoxes[i].xywhr()), most.pixels) << i;
  }
  for (std::size_t i = 0; i < wanted.masks.size(); ++i) {
    const std::vector<std::uint8_t> mask = wanted.masks[i].data;
    const bool none = std::none_of(mask.begin(), mask.end(), [](auto pixel) { return pixel != 0; });
    EXPECT_EQ(found.masks.area(i) == 0, none) << i;
    if (!none) {
      EXPECT_GE(iou(found.masks[i].data, mask), most.maskIou) << i;
    }
  }
  for (std::size_t i = 0; i < wanted.keypoints.size(); ++i) {
    ASSERT_EQ(found.keypoints[i].size(), wanted.keypoints[i].size());
    for (std::size_t k = 0; k < wanted.keypoints[i].size(); ++k) {
      const KeyPoint &a = found.keypoints[i][k], &b = wanted.keypoints[i][k];
      EXPECT_LE(std::max(std::abs(a.x - b.x), std::abs(a.y - b.y)), most.pixels) << i << ", point " << k;
      EXPECT_LE(std::abs(a.conf - b.conf), most.score) << i << ", point " << k;
    }
  }
  ASSERT_EQ(found.semantic.data.size(), wanted.semantic.data.size());
  std::size_t others = 0;
  for (std::size_t i = 0; i < wanted.semantic.data.size(); ++i) {
    others += found.semantic.data[i] != wanted.semantic.data[i] ? 1 : 0;
  }
  EXPECT_LE(static_cast<double>(others), most.otherClass * static_cast<double>(wanted.semantic.data.size()));
  ASSERT_EQ(found.depth.data.size(), wanted.depth.data.size());
  EXPECT_LE(farthest(found.depth.data, wanted.depth.data), most.depth);
}

}  // namespace trtyolo::test
