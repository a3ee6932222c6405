// What a tracker promises beside equality with Ultralytics': ids, independence, refusals.
#include "trtyolo/track.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <functional>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace trtyolo {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

using Ids = std::vector<int>;

Box boxAt(float x, float y) {
  return {x - 20, y - 40, x + 20, y + 40};
}

// Two objects that go to the right, the second of which is hidden now and then.
DetResult frameOf(int number, float step) {
  DetResult result;
  const float moved = step * static_cast<float>(number);
  result.boxes.push_back(boxAt(50 + moved, 100));
  if (number % 5 != 4) {
    result.boxes.push_back(boxAt(90 + moved, 130));
  }
  result.num = static_cast<int>(result.boxes.size());
  result.scores.assign(result.boxes.size(), 0.8F);
  result.classes.assign(result.boxes.size(), 0);
  return result;
}

std::string refusalOf(const std::function<void()>& call) {
  try {
    call();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

TEST(TrackerTest, ObjectsOfTheFirstImageHaveIdsAtOnceLaterOnesWhenSeenAgain) {
  Tracker tracker;
  EXPECT_EQ(tracker.update({boxAt(50, 50)}, {0.9F}), Ids({1}));
  EXPECT_EQ(tracker.update({boxAt(50, 50), boxAt(300, 50)}, {0.9F, 0.8F}), Ids({1, kNoTrack}));
  EXPECT_EQ(tracker.update({boxAt(300, 50), boxAt(50, 50)}, {0.9F, 0.8F}), Ids({2, 1}));
}

TEST(TrackerTest, AnObjectKeepsItsIdWhileItIsHiddenForNoLongerThanTheBuffer) {
  TrackerOption option;
  option.trackBuffer = 5;
  Tracker tracker(option);
  EXPECT_EQ(tracker.update({boxAt(50, 50)}, {0.9F}), Ids({1}));
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(tracker.update(std::vector<Box>(), {}).empty());
  }
  EXPECT_EQ(tracker.update({boxAt(50, 50)}, {0.9F}), Ids({1}));
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(tracker.update(std::vector<Box>(), {}).empty());
  }
  EXPECT_EQ(tracker.update({boxAt(50, 50)}, {0.9F}), Ids({kNoTrack}));
  EXPECT_EQ(tracker.update({boxAt(50, 50)}, {0.9F}), Ids({2}));
}

TEST(TrackerTest, LowScoresContinueTracksButBeginNone) {
  Tracker tracker;
  EXPECT_EQ(tracker.update({boxAt(50, 50)}, {0.9F}), Ids({1}));
  EXPECT_EQ(tracker.update({boxAt(50, 50), boxAt(300, 50)}, {0.2F, 0.2F}), Ids({1, kNoTrack}));
  EXPECT_EQ(tracker.update({boxAt(50, 50), boxAt(300, 50)}, {0.2F, 0.2F}), Ids({1, kNoTrack}));
  EXPECT_EQ(tracker.update({boxAt(50, 50)}, {0.05F}), Ids({kNoTrack}));
}

TEST(TrackerTest, TrackersInTurnGiveWhatEachGivesAlone) {
  for (const TrackerKind kind : {TrackerKind::ByteTrack, TrackerKind::BotSort}) {
    TrackerOption option;
    option.kind = kind;
    const auto alone = [&](float step) {
      Tracker tracker(option);
      std::vector<Ids> ids;
      ids.reserve(30);
      for (int i = 0; i < 30; ++i) {
        ids.push_back(tracker.update(frameOf(i, step)));
      }
      return ids;
    };
    const std::vector<Ids> slow = alone(2), fast = alone(40);
    ASSERT_NE(slow, fast);
    Tracker first(option), second(option);
    for (int i = 0; i < 30; ++i) {
      EXPECT_EQ(first.update(frameOf(i, 2)), slow[static_cast<std::size_t>(i)]);
      EXPECT_EQ(second.update(frameOf(i, 40)), fast[static_cast<std::size_t>(i)]);
    }
  }
}

TEST(TrackerTest, AThousandTrackersEachBeginAtOne) {
  std::vector<Tracker> trackers(1000);
  for (Tracker& tracker : trackers) {
    EXPECT_EQ(tracker.update(frameOf(0, 1)), Ids({1, 2}));
  }
}

TEST(TrackerTest, ACopyGoesOnByItself) {
  Tracker tracker;
  tracker.update({boxAt(50, 50)}, {0.9F});
  Tracker copy = tracker;
  EXPECT_EQ(tracker.update({boxAt(300, 50)}, {0.9F}), Ids({kNoTrack}));
  EXPECT_EQ(tracker.update({boxAt(300, 50)}, {0.9F}), Ids({2}));
  EXPECT_EQ(copy.update({boxAt(52, 50)}, {0.9F}), Ids({1}));
  const Tracker moved = std::move(copy);
  copy = moved;
  EXPECT_EQ(copy.update({boxAt(54, 50)}, {0.9F}), Ids({1}));
}

TEST(TrackerTest, ResetForgetsEverything) {
  Tracker tracker;
  tracker.update({boxAt(50, 50)}, {0.9F});
  tracker.reset();
  EXPECT_EQ(tracker.update({boxAt(300, 50), boxAt(50, 50)}, {0.9F, 0.8F}), Ids({1, 2}));
  tracker.reset();
  EXPECT_EQ(tracker.update(std::vector<RotatedBox>{{boxAt(50, 50), 0.5F}}, {0.9F}), Ids({1}));
}

TEST(TrackerTest, AResultOfAnyTypeGetsItsIds) {
  Tracker tracker;
  DetResult detected = frameOf(0, 1);
  EXPECT_TRUE(detected.trackIds.empty());
  tracker.track(detected);
  EXPECT_EQ(detected.trackIds, Ids({1, 2}));
  Result any;
  any.task = Task::Segment;
  any.boxes = detected.boxes;
  any.scores = detected.scores;
  tracker.track(any);
  EXPECT_EQ(any.trackIds, Ids({1, 2}));
  EXPECT_EQ(SegResult(std::move(any)).trackIds, Ids({1, 2}));
}

TEST(TrackerTest, ARotatedBoxMayTurnAndChangeItsSides) {
  Tracker tracker;
  for (int i = 0; i < 20; ++i) {
    const float theta = 0.1F * static_cast<float>(i);
    const RotatedBox wide{{60, 90, 140, 110}, theta};
    const RotatedBox high{{90, 60, 110, 140}, theta - 1.5707963F};  // the same box
    OBBResult result;
    result.boxes = {i % 2 ? high : wide};
    result.scores = {0.9F};
    tracker.track(result);
    EXPECT_EQ(result.trackIds, Ids({1})) << i;
  }
}

TEST(TrackerTest, ObjectsThatAreNoBoxesAreIgnored) {
  const std::vector<Box> no{{kNan, 10, 50, 90},      {10, kInfinity, 50, 90},  {10, 10, 10, 90},     {10, 90, 50, 10},
                            {-3e38F, 10, 3e38F, 90}, {10, 10, -kInfinity, 90}, {100, 100, 140, kNan}};
  for (const TrackerKind kind : {TrackerKind::ByteTrack, TrackerKind::BotSort}) {
    TrackerOption option;
    option.kind = kind;
    Tracker tracker(option);
    for (int i = 0; i < 3; ++i) {
      for (const Box& box : no) {
        EXPECT_EQ(tracker.update({box, boxAt(300, 300)}, {0.9F, 0.8F}), Ids({kNoTrack, 1}));
      }
      EXPECT_EQ(tracker.update({boxAt(50, 50), boxAt(300, 300)}, {kNan, 0.8F}), Ids({kNoTrack, 1}));
    }
  }
  Tracker rotated;
  EXPECT_EQ(rotated.update(std::vector<RotatedBox>{{boxAt(50, 50), kNan}, {boxAt(90, 50), 1}}, {0.9F, 0.8F}),
            Ids({kNoTrack, 1}));
}

TEST(TrackerTest, BoxesOfAnySizeAreFollowed) {
  const std::vector<Box> boxes{{0, 0, 1e-38F, 1e-38F}, {0, 0, 1e38F, 1e-38F}, {0, 0, 1e30F, 1e30F}, {5, 5, 25, 25}};
  for (const TrackerKind kind : {TrackerKind::ByteTrack, TrackerKind::BotSort}) {
    TrackerOption option;
    option.kind = kind;
    Tracker tracker(option);
    for (int i = 0; i < 50; ++i) {
      EXPECT_EQ(tracker.update(boxes, {0.9F, 0.8F, 0.7F, 0.6F}).back(), 4) << i;
    }
  }
}

TEST(TrackerTest, WhatDoesNotFitIsRefusedAndChangesNothing) {
  Tracker tracker;
  tracker.update({boxAt(50, 50)}, {0.9F});
  EXPECT_EQ(refusalOf([&] { tracker.update({boxAt(50, 50)}, {}); }), "Tracker: 1 boxes need as many scores, found 0");
  EXPECT_EQ(refusalOf([&] { tracker.update(std::vector<RotatedBox>(), {}); }),
            "Tracker: it follows upright boxes, found rotated ones: use a tracker for each kind, or reset() it");
  Result depth;
  depth.task = Task::Depth;
  EXPECT_EQ(refusalOf([&] { tracker.update(depth); }), "Tracker: a result of the task 'depth' has no boxes to follow");
  EXPECT_EQ(tracker.update({boxAt(50, 50)}, {0.9F}), Ids({1}));
}

TEST(TrackerTest, WrongOptionsAreRefused) {
  const auto refusal = [](const std::function<void(TrackerOption&)>& change) {
    TrackerOption option;
    change(option);
    return refusalOf([&] { const Tracker tracker(option); });
  };
  EXPECT_EQ(refusal([](TrackerOption& /*option*/) {}), "");
  EXPECT_EQ(refusal([](TrackerOption& option) { option.matchThresh = 1.5F; }),
            "Tracker: matchThresh must be from 0 to 1, found 1.500000");
  for (float TrackerOption::*const share :
       {&TrackerOption::trackHighThresh, &TrackerOption::trackLowThresh, &TrackerOption::newTrackThresh,
        &TrackerOption::matchThresh, &TrackerOption::proximityThresh, &TrackerOption::appearanceThresh}) {
    for (const float wrong : {-0.1F, 1.1F, kNan}) {
      EXPECT_NE(refusal([&](TrackerOption& option) { option.*share = wrong; }), "");
    }
  }
  EXPECT_EQ(refusal([](TrackerOption& option) { option.trackLowThresh = 0.5F; }),
            "Tracker: trackLowThresh must not be above trackHighThresh, found 0.500000 above 0.250000");
  EXPECT_EQ(refusal([](TrackerOption& option) { option.trackBuffer = -1; }),
            "Tracker: trackBuffer must be 0 or more images, found -1");
  EXPECT_EQ(refusal([](TrackerOption& option) { option.gmcMethod = "sparseOptFlow"; }),
            "Tracker: gmcMethod must be 'none', found 'sparseOptFlow': the camera's motion is not followed yet");
  EXPECT_EQ(refusal([](TrackerOption& option) { option.withReid = true; }),
            "Tracker: withReid must be false: appearance is not compared yet");
}

TEST(TrackerTest, KindsHaveNames) {
  for (const TrackerKind kind : {TrackerKind::ByteTrack, TrackerKind::BotSort}) {
    EXPECT_EQ(trackerKindOf(toString(kind)), kind);
  }
  EXPECT_EQ(refusalOf([] { trackerKindOf("sort"); }),
            "trackerKindOf: expected one of 'bytetrack', 'botsort', found 'sort'");
}

}  // namespace
}  // namespace trtyolo
