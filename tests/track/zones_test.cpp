// Lines and zones: what they count, what they do not count twice, what they refuse.
#include "trtyolo/zones.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "support/refusal.hpp"

namespace trtyolo::zones_test {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr auto kNone = Crossing::None, kIn = Crossing::In, kOut = Crossing::Out;

using test::refusalOf;

using Boxes = std::vector<Box>;
using Crossings = std::vector<Crossing>;

Box boxAt(float x, float y) {
  return {x - 10, y - 10, x + 10, y + 10};
}

// From left to right: what comes up has come in.
Line level(const LineOption& option = {}) {
  return {{0, 100}, {200, 100}, option};
}

// What happens to one object that is at these heights.
Crossings ofHeights(Line& line, const std::vector<float>& heights, int track = 1) {
  Crossings crossings;
  for (const float y : heights) {
    crossings.push_back(line.update(Boxes{boxAt(100, y)}, {0}, {track}).front());
  }
  return crossings;
}

std::string refusalOfCorners(const std::vector<Point>& corners) {
  return refusalOf([&] { static_cast<void>(Zone(corners)); });
}

TEST(LineTest, CountsEachDirectionByClass) {
  Line line = level();
  EXPECT_EQ(line.update(Boxes{boxAt(50, 150), boxAt(150, 50)}, {0, 7}, {1, 2}), Crossings({kNone, kNone}));
  EXPECT_EQ(line.update(Boxes{boxAt(150, 130), boxAt(50, 50)}, {7, 0}, {2, 1}), Crossings({kOut, kIn}));
  EXPECT_EQ(line.update(Boxes{boxAt(50, 150)}, {3}, {1}), Crossings({kOut}));
  EXPECT_EQ(line.in(), 1);
  EXPECT_EQ(line.out(), 2);
  EXPECT_EQ(line.inByClass(), (std::map<int, long>{{0, 1}}));
  EXPECT_EQ(line.outByClass(), (std::map<int, long>{{3, 1}, {7, 1}}));
  line.reset();
  EXPECT_EQ(line.in() + line.out(), 0);
  EXPECT_EQ(ofHeights(line, {50}), Crossings({kNone}));
}

TEST(LineTest, AnObjectCrossesOnceAllOfItHas) {
  Line line = level();
  EXPECT_EQ(ofHeights(line, {150, 105, 95, 91, 89, 95, 105, 112}),
            Crossings({kNone, kNone, kNone, kNone, kIn, kNone, kNone, kOut}));
}

TEST(LineTest, WhatPassesBesideItsEndsHasNotCrossed) {
  Line line({50, 100}, {150, 100});
  EXPECT_EQ(line.update(Boxes{boxAt(30, 150)}, {0}, {1}), Crossings({kNone}));
  EXPECT_EQ(line.update(Boxes{boxAt(30, 50)}, {0}, {1}), Crossings({kNone}));
  EXPECT_EQ(line.update(Boxes{boxAt(100, 50)}, {0}, {1}), Crossings({kNone}));
  EXPECT_EQ(line.update(Boxes{boxAt(100, 150)}, {0}, {1}), Crossings({kOut}));
}

TEST(LineTest, ObjectsWithoutATrackAreNotOneTrack) {
  Line line = level();
  for (int i = 0; i < 6; ++i) {
    const float y = i % 2 == 0 ? 150.0F : 50.0F;
    EXPECT_EQ(line.update(Boxes{boxAt(50, y), boxAt(150, 200 - y)}, {0, 0}, {kNoTrack, kNoTrack}),
              Crossings({kNone, kNone}));
  }
}

TEST(LineTest, TheSecondObjectOfAnIdIsIgnored) {
  Line line = level();
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(line.update(Boxes{boxAt(50, 50), boxAt(150, 150)}, {0, 0}, {1, 1}), Crossings({kNone, kNone}));
  }
}

TEST(LineTest, WhatComesBackBeforeTheThresholdHasNotCrossed) {
  LineOption option;
  option.minimumCrossingThreshold = 2;
  Line line = level(option);
  for (const Crossing crossing : ofHeights(line, {150, 150, 150, 50, 150, 150, 150, 50, 150, 150})) {
    EXPECT_EQ(crossing, kNone);
  }
  EXPECT_EQ(ofHeights(line, {50, 100, 50, 150, 50, 150, 150}),
            Crossings({kNone, kNone, kIn, kNone, kNone, kNone, kOut}));
}

TEST(LineTest, ASideIsRememberedWhileATrackIsHidden) {
  for (const int buffer : {0, 5}) {
    LineOption option;
    option.trackBuffer = buffer;
    const int kept = buffer == 0 ? 2 : buffer;
    for (int hidden = 0; hidden < 8; ++hidden) {
      Line line = level(option);
      ofHeights(line, {150});
      for (int i = 0; i < hidden; ++i) {
        line.update(Boxes(), {}, {});
      }
      EXPECT_EQ(ofHeights(line, {50}), Crossings({hidden < kept ? kIn : kNone})) << buffer << ' ' << hidden;
    }
  }
}

TEST(LineTest, BoxesThatAreNotFiniteAreIgnored) {
  Line line = level();
  ofHeights(line, {150});
  const auto nan = static_cast<float>(kNan), infinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(ofHeights(line, {nan, infinity, -infinity, 50}), Crossings({kNone, kNone, kNone, kIn}));
  Zone zone({{0, 0}, {10, 0}, {10, 10}});
  EXPECT_EQ(zone.update(Boxes{boxAt(nan, 5), boxAt(5, -infinity)}, {0, 0}), std::vector<bool>({false, false}));
}

TEST(LineTest, ACopyCountsOnByItself) {
  Line line = level();
  ofHeights(line, {150});
  Line copy = line;
  EXPECT_EQ(ofHeights(copy, {50}), Crossings({kIn}));
  EXPECT_EQ(line.in(), 0);
  EXPECT_EQ(ofHeights(line, {50}), Crossings({kIn}));
}

TEST(LineTest, RotatedBoxesCountByTheirCorners) {
  LineOption option;
  Line line = level(option);
  const auto at = [](float y, float theta) { return std::vector<RotatedBox>{{{60, y - 5, 140, y + 5}, theta}}; };
  line.update(at(120, 0), {0}, {1});
  // If it were not turned, all of it would be on the other side.
  EXPECT_EQ(line.update(at(70, 0.8F), {0}, {1}), Crossings({kNone}));
  EXPECT_EQ(line.update(at(70, 0.3F), {0}, {1}), Crossings({kIn}));
}

TEST(LineTest, TypedResults) {
  OBBResult result;
  result.boxes = {{{60, 110, 140, 120}, 0}};
  result.classes = {2};
  result.trackIds = {5};
  Line line = level();
  Zone zone({{0, 0}, {200, 0}, {200, 100}, {0, 100}});
  line.update(result);
  EXPECT_EQ(zone.update(result), std::vector<bool>({false}));
  result.boxes = {{{60, 80, 140, 90}, 0}};
  EXPECT_EQ(line.update(result), Crossings({kIn}));
  EXPECT_EQ(zone.update(result), std::vector<bool>({true}));
  Result any;
  any.task = Task::Classify;
  EXPECT_NE(refusalOf([&] { line.update(any); }).find("task 'classify' has no boxes"), std::string::npos);
  EXPECT_NE(refusalOf([&] { zone.update(any); }).find("task 'classify' has no boxes"), std::string::npos);
}

TEST(LineTest, RefusesWhatIsNoLine) {
  EXPECT_NE(refusalOf([] {
              Line({5, 5}, {5, 5});
            }).find("from one point to another, found (5, 5) twice"),
            std::string::npos);
  EXPECT_NE(refusalOf([] { Line({kNan, 5}, {5, 5}); }).find("must be finite"), std::string::npos);
  EXPECT_NE(refusalOf([] { Line({0, 5}, {2e9, 5}); }).find("at most 1e9"), std::string::npos);
  LineOption option;
  option.triggeringAnchors.clear();
  EXPECT_NE(refusalOf([&] { level(option); }).find("triggeringAnchors"), std::string::npos);
  option = {};
  option.minimumCrossingThreshold = 0;
  EXPECT_NE(refusalOf([&] { level(option); }).find("1 image or more, found 0"), std::string::npos);
  option = {};
  option.trackBuffer = -1;
  EXPECT_NE(refusalOf([&] { level(option); }).find("0 or more images, found -1"), std::string::npos);
  Line line = level();
  ofHeights(line, {150});
  EXPECT_NE(refusalOf([&] { line.update(Boxes{boxAt(0, 0)}, {0}, {}); }).find("1 boxes need as many ids"),
            std::string::npos);
  EXPECT_EQ(ofHeights(line, {50}), Crossings({kIn}));
}

TEST(ZoneTest, TellsWhoIsInsideByClass) {
  Zone zone({{100, 100}, {200, 100}, {200, 200}, {100, 200}});
  const Boxes boxes{boxAt(150, 150), boxAt(150, 80), boxAt(150, 195), boxAt(120, 110), boxAt(50, 150)};
  EXPECT_EQ(zone.update(boxes, {0, 0, 0, 4, 4}), std::vector<bool>({true, false, false, true, false}));
  EXPECT_EQ(zone.count(), 2);
  EXPECT_EQ(zone.countByClass(), (std::map<int, long>{{0, 1}, {4, 1}}));
  EXPECT_TRUE(zone.update(Boxes(), {}).empty());
  EXPECT_EQ(zone.count(), 0);
}

TEST(ZoneTest, AllAnchorsOrAny) {
  const std::vector<Point> corners{{100, 100}, {200, 100}, {200, 200}, {100, 200}};
  const std::vector<Anchor> anchors{Anchor::TopLeft, Anchor::BottomRight};
  EXPECT_EQ(Zone(corners, {anchors, true}).update(Boxes{boxAt(200, 200), boxAt(150, 150)}, {0, 0}),
            std::vector<bool>({false, true}));
  EXPECT_EQ(Zone(corners, {anchors, false}).update(Boxes{boxAt(200, 200), boxAt(250, 150)}, {0, 0}),
            std::vector<bool>({true, false}));
}

// Objects that are cut off by the image's border have it as their lower edge.
TEST(ZoneTest, ItsSidesBelongToIt) {
  const Zone zone({{0, 0}, {640, 0}, {640, 480}, {0, 480}});
  for (const Point& point : {Point{320, 480}, Point{0, 0}, Point{640, 480}, Point{640, 10}, Point{0, 479.5}}) {
    EXPECT_TRUE(zone.contains(point)) << point.x << ' ' << point.y;
  }
  EXPECT_FALSE(zone.contains({320, 480.001}));
  EXPECT_FALSE(zone.contains({-0.001, 480}));
}

// But on a side, each point is in exactly one of zones that lie side by side.
TEST(ZoneTest, ZonesSideBySideShareNoPoints) {
  const Zone left({{0, 0}, {100, 0}, {160, 200}, {0, 200}}), right({{100, 0}, {300, 0}, {300, 200}, {160, 200}});
  int inside = 0, both = 0, none = 0;
  for (double x = 0.21; x < 300; x += 0.57) {
    for (double y = 0.33; y < 200; y += 1.71) {
      inside += left.contains({x, y}) ? 1 : 0;
      both += left.contains({x, y}) && right.contains({x, y}) ? 1 : 0;
      none += !left.contains({x, y}) && !right.contains({x, y}) ? 1 : 0;
    }
  }
  EXPECT_GT(inside, 1000);
  EXPECT_EQ(both, 0);
  EXPECT_EQ(none, 0);
}

TEST(ZoneTest, CornersInEitherDirectionAndTheFirstAtTheEnd) {
  const std::vector<Point> corners{{0, 0}, {100, 0}, {100, 100}, {50, 20}, {0, 100}};
  std::vector<Point> closed = corners, back(corners.rbegin(), corners.rend());
  closed.push_back(corners.front());
  for (const Zone& zone : {Zone(corners), Zone(closed), Zone(back)}) {
    EXPECT_EQ(zone.corners().size(), 5U);
    EXPECT_TRUE(zone.contains({10, 50}));
    EXPECT_TRUE(zone.contains({90, 50}));
    EXPECT_FALSE(zone.contains({50, 50}));
  }
}

TEST(ZoneTest, RefusesWhatIsNoPolygon) {
  EXPECT_NE(refusalOfCorners({}).find("three corners or more, found 0"), std::string::npos);
  EXPECT_NE(refusalOfCorners({{0, 0}, {10, 0}}).find("three corners or more, found 2"), std::string::npos);
  EXPECT_NE(refusalOfCorners({{0, 0}, {10, 0}, {0, 0}}).find("three corners or more, found 2"), std::string::npos);
  EXPECT_NE(refusalOfCorners({{0, 0}, {10, 10}, {10, 0}, {0, 10}}).find("must not cross or touch"), std::string::npos);
  EXPECT_NE(refusalOfCorners({{0, 0}, {10, 0}, {10, 10}, {5, 0}, {0, 10}}).find("must not cross or touch"),
            std::string::npos);
  EXPECT_NE(refusalOfCorners({{0, 0}, {10, 0}, {5, 0}, {0, 10}}).find("must not lie on each other"), std::string::npos);
  EXPECT_NE(refusalOfCorners({{0, 0}, {5, 5}, {10, 10}}).find("must not lie on each other"), std::string::npos);
  EXPECT_NE(refusalOfCorners({{0, 0}, {0, 0}, {10, 0}, {10, 10}}).find("found (0, 0) twice in sequence"),
            std::string::npos);
  EXPECT_NE(refusalOfCorners({{0, 0}, {kNan, 0}, {10, 10}}).find("must be finite"), std::string::npos);
  EXPECT_EQ(refusalOfCorners({{0, 0}, {5, 0}, {10, 0}, {10, 10.25}}), "");  // a corner in the middle of a side
  const std::vector<Point> corners{{0, 0}, {10, 0}, {10, 10}};
  EXPECT_NE(refusalOf([&] { Zone(corners, {{}, true}); }).find("triggeringAnchors"), std::string::npos);
  Zone zone(corners);
  EXPECT_NE(refusalOf([&] { zone.update(Boxes{boxAt(0, 0)}, {}); }).find("1 boxes need as many classes, found 0"),
            std::string::npos);
}

}  // namespace
}  // namespace trtyolo::zones_test
