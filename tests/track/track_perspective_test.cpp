// What TrackTrack compares, and how it matches.
#include "track/track_perspective.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace trtyolo {
namespace {

TEST(MutualNearestTest, ARowTakesItsBestColumnIfNoOtherRowIsBetterForIt) {
  // Row 1 wants column 0, which is better for row 0: it takes column 1 in the next round.
  const std::vector<Candidate> candidates{{0, 0, 0.1F}, {1, 0, 0.2F}, {1, 1, 0.3F}, {2, 1, 0.4F}};
  EXPECT_EQ(mutualNearest(candidates, 0.7, 0.05), Pairs({{0, 0}, {1, 1}}));
}

TEST(MutualNearestTest, TheLimitFallsFromRoundToRound) {
  const std::vector<Candidate> candidates{{0, 0, 0.1F}, {1, 0, 0.2F}, {1, 1, 0.66F}};
  EXPECT_EQ(mutualNearest(candidates, 0.7, 0.05), Pairs({{0, 0}}));
  EXPECT_EQ(mutualNearest(candidates, 0.7, 0), Pairs({{0, 0}, {1, 1}}));
}

TEST(MutualNearestTest, ARoundWithoutAPairIsTheLast) {
  EXPECT_EQ(mutualNearest({{0, 0, 0.8F}, {0, 1, 0.9F}}, 0.7, 0.05), Pairs());
  EXPECT_EQ(mutualNearest({{0, 0, 0.5F}}, 0.5, 0.05), Pairs());
  EXPECT_EQ(mutualNearest({}, 0.7, 0.05), Pairs());
}

TEST(MutualNearestTest, OfEqualCostsTheFirstCounts) {
  const std::vector<Candidate> candidates{{0, 0, 0.2F}, {0, 1, 0.2F}, {1, 0, 0.2F}, {1, 1, 0.2F}};
  EXPECT_EQ(mutualNearest(candidates, 0.7, 0.05), Pairs({{0, 0}, {1, 1}}));
}

TEST(HeightOverlapTest, IsTheShareOfTheRangesThatBothHave) {
  const Box box{0, 0, 10, 20};
  EXPECT_NEAR(heightOverlap(box, box), 1, 1e-6);
  EXPECT_NEAR(heightOverlap(box, {20, 0, 30, 20}), 1, 1e-6);
  EXPECT_NEAR(heightOverlap(box, {0, 10, 10, 30}), 1.0 / 3, 1e-6);
  EXPECT_NEAR(heightOverlap({0, 10, 10, 30}, box), 1.0 / 3, 1e-6);
  EXPECT_LT(heightOverlap(box, {0, 30, 10, 50}), 0);
}

CenterBox personAt(double x, double y) {
  return {x, y, 40, 80};
}

TEST(CornerHistoryTest, AnUnknownDirectionStandsAtARightAngleToAll) {
  const CornerHistory history(1, personAt(100, 100));
  EXPECT_NEAR(history.turnTo(2, cornersOf(personAt(110, 100))), 0.5, 1e-4);
  EXPECT_NEAR(history.turnTo(2, cornersOf(personAt(100, 100))), 0.5, 1e-4);
}

TEST(CornerHistoryTest, TheDirectionThatAnObjectKeepsIsNearest) {
  CornerHistory history(1, personAt(100, 100));
  for (int i = 2; i <= 6; ++i) {
    history.add(i, personAt(100 + 5 * i, 100));
  }
  const float ahead = history.turnTo(7, cornersOf(personAt(135, 100)));
  const float aside = history.turnTo(7, cornersOf(personAt(115, 125)));
  const float back = history.turnTo(7, cornersOf(personAt(90, 100)));
  EXPECT_LT(ahead, aside);
  EXPECT_LT(aside, back);
  // All corners moved by (1 + 1/2 + 1/3) / 3 of a direction: the cosine of what goes on is that.
  EXPECT_NEAR(ahead, std::acos(11.0 / 18) / 3.14159265, 1e-4);
  EXPECT_NEAR(ahead + back, 1, 1e-4);
}

TEST(CornerHistoryTest, DirectionsStayWhereAnObjectIsFoundAgain) {
  CornerHistory history(1, personAt(100, 100));
  for (int i = 2; i <= 4; ++i) {
    history.add(i, personAt(100 + 5 * i, 100));
  }
  CornerHistory again = history;
  again.addFoundAgain(9, personAt(90, 160));
  EXPECT_NEAR(again.turnTo(10, cornersOf(personAt(100, 160))), history.turnTo(5, cornersOf(personAt(125, 100))), 1e-4);
}

}  // namespace
}  // namespace trtyolo
