// What is doubted in a network's first results, and what is not.
#include "model/plausibility.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <utility>
#include <vector>

namespace trtyolo {
namespace {

std::string doubts(std::vector<Box> boxes, std::vector<float> scores, int side = 640) {
  Result result;
  result.num = static_cast<int>(scores.size());
  result.boxes = std::move(boxes);
  result.scores = std::move(scores);
  result.imageWidth = result.imageHeight = side;
  return doubtsAbout({&result, 1});
}

TEST(PlausibilityTest, UsualResultsAreNotDoubted) {
  EXPECT_EQ(doubts({}, {}), "");
  EXPECT_EQ(doubts({{10, 20, 100, 90}, {5, 5, 6, 6}}, {0.9F, 0.3F}), "");
  EXPECT_EQ(doubts({{0, 0, 1, 1}}, {0.5F}, 16), "");     // a tiny image
  EXPECT_EQ(doubts({{0, 0, 0, 0}}, {0.0F}), "");         // padding behind the objects
  EXPECT_EQ(doubts({{10, 20, 100, 90}}, {1.004F}), "");  // half precision
  EXPECT_EQ(doubts({}, {0.7F, 0.2F, 0.1F}), "");         // a classifier's
}

TEST(PlausibilityTest, WhatCannotBeRightIsSaid) {
  EXPECT_NE(doubts({}, {55.1F, 2.5F, -3.0F}).find("55.1"), std::string::npos);
  EXPECT_NE(doubts({}, {std::numeric_limits<float>::quiet_NaN()}), "");
  EXPECT_NE(doubts({{200, 200, 50, 60}}, {0.9F}).find("the wrong way round"), std::string::npos);
  EXPECT_NE(doubts({{0.5F, 0.5F, 0.7F, 0.6F}, {0, 0, 1, 1}}, {0.9F, 0.8F}).find("shares of the image"),
            std::string::npos);
}

}  // namespace
}  // namespace trtyolo
