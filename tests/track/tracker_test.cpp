// What a tracker promises beside equality with Ultralytics': ids, independence, refusals.
#include "trtyolo/track.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <functional>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "support/heap.hpp"
#include "support/refusal.hpp"

namespace trtyolo {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

using test::refusalOf;

using Ids = std::vector<int>;

constexpr TrackerKind kKinds[] = {TrackerKind::ByteTrack, TrackerKind::BotSort, TrackerKind::OcSort,
                                  TrackerKind::TrackTrack};

// Of a camera that stands still.
TrackerOption still(TrackerKind kind) {
  TrackerOption option;
  option.kind = kind;
  option.gmcMethod = "none";
  return option;
}

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
  for (const TrackerKind kind : kKinds) {
    const TrackerOption option = still(kind);
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

TEST(TrackerTest, SourcesOfOneFrameAndObjectsThatPassLeaveNothing) {
  const auto used = [] { return test::bytesInUse(); };
  const auto sources = [] {
    for (int i = 0; i < 1000; ++i) {
      Tracker tracker(still(kKinds[i % 4]));
      tracker.update(frameOf(0, 1));
    }
  };
  sources();
  const std::size_t before = used();
  sources();
  EXPECT_EQ(used(), before);
  for (const TrackerKind kind : kKinds) {
    Tracker tracker(still(kind));
    const auto pass = [&tracker] {  // a new object every other image, each for a while
      for (int i = 0; i < 3000; ++i) {
        std::vector<Box> boxes;
        for (int j = 0; j < 4; ++j) {
          boxes.push_back(boxAt(100 * static_cast<float>((i / 2 + j) % 50), 100));
        }
        tracker.update(boxes, std::vector<float>(4, 0.9F));
      }
    };
    pass();
    const std::size_t once = used();
    pass();
    EXPECT_LE(used(), once + 65536) << toString(kind);
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
  for (const TrackerKind kind : kKinds) {
    Tracker tracker(still(kind));
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
  for (const TrackerKind kind : kKinds) {
    TrackerOption option = still(kind);
    option.trackHighThresh = option.newTrackThresh = 0.25F;
    Tracker tracker(option);
    for (int i = 0; i < 50; ++i) {
      EXPECT_EQ(tracker.update(boxes, {0.9F, 0.8F, 0.7F, 0.6F}).back(), 4) << i;
    }
  }
}

TEST(TrackerTest, BotSortAndTrackTrackNeedTheCamerasMotion) {
  TrackerOption option;
  for (const TrackerKind kind : {TrackerKind::ByteTrack, TrackerKind::OcSort}) {
    option.kind = kind;
    EXPECT_FALSE(Tracker(option).needsMotion());
  }
  for (const TrackerKind kind : {TrackerKind::BotSort, TrackerKind::TrackTrack}) {
    EXPECT_FALSE(Tracker(still(kind)).needsMotion());
    option.kind = kind;
    Tracker tracker(option);
    EXPECT_TRUE(tracker.needsMotion());
    EXPECT_EQ(
        refusalOf([&] { tracker.update({boxAt(50, 50)}, {0.9F}); }),
        "Tracker: gmcMethod 'sparseOptFlow' needs the camera's motion with each image (in C++ CameraMotion::next() of "
        "the frame, in Python update(result, image)); for a camera that stands still set it to 'none'");
    Motion endless;
    endless.dx = static_cast<double>(kInfinity);
    EXPECT_EQ(refusalOf([&] { tracker.update({boxAt(50, 50)}, {0.9F}, endless); }),
              "Tracker: the camera's motion must be finite numbers");
    EXPECT_EQ(tracker.update({boxAt(50, 50)}, {0.9F}, Motion()), Ids({1}));
  }
}

TEST(TrackerTest, TracksMoveAsTheCameraDoes) {
  Motion motion;
  motion.dx = 70;  // further than an object is wide
  for (const TrackerKind kind : {TrackerKind::BotSort, TrackerKind::TrackTrack}) {
    TrackerOption option;
    option.kind = kind;
    Tracker follows(option), stays(still(kind)), others;
    for (int i = 0; i < 5; ++i) {
      const std::vector<Box> boxes{boxAt(50 + 70 * static_cast<float>(i), 100),
                                   boxAt(900 + 70 * static_cast<float>(i), 100)};
      EXPECT_EQ(follows.update(boxes, {0.9F, 0.8F}, i ? motion : Motion()), Ids({1, 2})) << i;
      EXPECT_EQ(stays.update(boxes, {0.9F, 0.8F}, motion), i ? Ids({kNoTrack, kNoTrack}) : Ids({1, 2})) << i;
      EXPECT_EQ(others.update(boxes, {0.9F, 0.8F}, motion), i ? Ids({kNoTrack, kNoTrack}) : Ids({1, 2})) << i;
    }
  }
}

// Its prediction went on without it.
TEST(TrackerTest, OcSortFindsAnObjectWhereItWasSeenLast) {
  Tracker bytetrack, ocsort(still(TrackerKind::OcSort));
  const auto seen = [](float x) { return std::vector<Box>{boxAt(x, 100)}; };
  for (int i = 0; i < 6; ++i) {
    const float x = 50 + 12 * static_cast<float>(i);
    EXPECT_EQ(bytetrack.update(seen(x), {0.9F}), Ids({1}));
    EXPECT_EQ(ocsort.update(seen(x), {0.9F}), Ids({1}));
  }
  for (int i = 0; i < 4; ++i) {  // behind something, where it stands still
    bytetrack.update(std::vector<Box>(), {});
    ocsort.update(std::vector<Box>(), {});
  }
  EXPECT_EQ(bytetrack.update(seen(112), {0.9F}), Ids({kNoTrack}));
  EXPECT_EQ(ocsort.update(seen(112), {0.9F}), Ids({1}));
  EXPECT_EQ(ocsort.update(seen(112), {0.9F}), Ids({1}));
}

TEST(TrackerTest, OcSortUsesLowScoresIfItIsTold) {
  TrackerOption option = still(TrackerKind::OcSort);
  Tracker without(option);
  option.useByte = true;
  Tracker with(option);
  for (Tracker* const tracker : {&without, &with}) {
    EXPECT_EQ(tracker->update({boxAt(50, 50)}, {0.9F}), Ids({1}));
  }
  EXPECT_EQ(without.update({boxAt(50, 50)}, {0.2F}), Ids({kNoTrack}));
  EXPECT_EQ(with.update({boxAt(50, 50)}, {0.2F}), Ids({1}));
}

// A tracker of TrackTrack that has seen these objects often enough to keep them.
Tracker trackTrackThatKnows(const std::vector<Box>& boxes, TrackerOption option = still(TrackerKind::TrackTrack)) {
  Tracker tracker(option);
  for (int i = 0; i < option.minTrackLen; ++i) {
    tracker.update(boxes, std::vector<float>(boxes.size(), 0.9F));
  }
  return tracker;
}

TEST(TrackTrackTest, ALaterObjectHasAnIdInItsThirdImageOnEnd) {
  Tracker tracker(still(TrackerKind::TrackTrack));
  const Box known = boxAt(50, 50), late = boxAt(300, 50);
  EXPECT_EQ(tracker.update({known}, {0.9F}), Ids({1}));
  EXPECT_EQ(tracker.update({known, late}, {0.9F, 0.9F}), Ids({1, kNoTrack}));
  EXPECT_EQ(tracker.update({known, late}, {0.9F, 0.9F}), Ids({1, kNoTrack}));
  EXPECT_EQ(tracker.update({known}, {0.9F}), Ids({1}));  // and begins anew then
  EXPECT_EQ(tracker.update({late, known}, {0.9F, 0.9F}), Ids({kNoTrack, 1}));
  EXPECT_EQ(tracker.update({late, known}, {0.9F, 0.9F}), Ids({kNoTrack, 1}));
  EXPECT_EQ(tracker.update({late, known}, {0.9F, 0.9F}), Ids({3, 1}));
}

TEST(TrackTrackTest, TracksAreKeptWhileTheirObjectIsHidden) {
  TrackerOption option = still(TrackerKind::TrackTrack);
  option.trackBuffer = 5;
  Tracker tracker = trackTrackThatKnows({boxAt(50, 50)}, option);
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(tracker.update(std::vector<Box>(), {}).empty());
  }
  EXPECT_EQ(tracker.update({boxAt(50, 50)}, {0.9F}), Ids({1}));
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(tracker.update(std::vector<Box>(), {}).empty());
  }
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(tracker.update({boxAt(50, 50)}, {0.9F}), Ids({kNoTrack}));
  }
  EXPECT_EQ(tracker.update({boxAt(50, 50)}, {0.9F}), Ids({2}));
}

TEST(TrackTrackTest, ObjectsThatCrossKeepTheirIds) {
  Tracker tracker(still(TrackerKind::TrackTrack));
  for (int i = 0; i < 60; ++i) {
    const float way = 6 * static_cast<float>(i);
    const std::vector<Box> boxes{boxAt(50 + way, 200), boxAt(410 - way, 212)};
    EXPECT_EQ(tracker.update(boxes, {0.9F, 0.75F}), Ids({1, 2})) << i;
  }
}

TEST(TrackTrackTest, LowScoresContinueTracksThatAreKeptButBeginNone) {
  Tracker tracker = trackTrackThatKnows({boxAt(50, 50)});
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(tracker.update({boxAt(50, 50), boxAt(300, 50)}, {0.4F, 0.65F}), Ids({1, kNoTrack}));
  }
  EXPECT_EQ(tracker.update({boxAt(50, 50)}, {0.2F}), Ids({kNoTrack}));
  Tracker fresh(still(TrackerKind::TrackTrack));
  EXPECT_EQ(fresh.update({boxAt(50, 50)}, {0.9F}), Ids({1}));
  EXPECT_EQ(fresh.update({boxAt(50, 50)}, {0.4F}), Ids({kNoTrack}));
}

TEST(TrackTrackTest, OfTwoObjectsATrackTakesTheOneOfHighScoreAndOfItsHeight) {
  const Box seen = boxAt(100, 100);
  Tracker tracker = trackTrackThatKnows({seen});
  Tracker withoutPenalty = [&] {
    TrackerOption option = still(TrackerKind::TrackTrack);
    option.penaltyP = 0;
    option.confWeight = 0;
    return trackTrackThatKnows({seen}, option);
  }();
  const std::vector<Box> both{boxAt(102, 100), boxAt(103, 100)};
  EXPECT_EQ(Tracker(tracker).update(both, {0.4F, 0.9F}), Ids({kNoTrack, 1}));
  EXPECT_EQ(withoutPenalty.update(both, {0.4F, 0.9F}), Ids({1, kNoTrack}));
  // Each has four fifths of the track's area.
  const Box lower{80, 60, 120, 124}, narrower{80, 60, 112, 140};
  EXPECT_EQ(tracker.update({lower, narrower}, {0.9F, 0.9F}), Ids({kNoTrack, 1}));
}

TEST(TrackTrackTest, NoTrackBeginsWhereOneIs) {
  Tracker tracker(still(TrackerKind::TrackTrack));
  const Box known = boxAt(100, 100), nearIt = boxAt(108, 100), apart = boxAt(300, 100), nearThat = boxAt(306, 100);
  EXPECT_EQ(tracker.update({known, nearIt}, {0.9F, 0.8F}), Ids({1, kNoTrack}));
  for (int i = 0; i < 6; ++i) {
    const Ids ids = tracker.update({known, nearIt, nearThat, apart}, {0.9F, 0.85F, 0.8F, 0.9F});
    EXPECT_EQ(ids, i < 2 ? Ids({1, kNoTrack, kNoTrack, kNoTrack}) : Ids({1, kNoTrack, kNoTrack, 2})) << i;
  }
}

TEST(TrackTrackTest, ASecondTryFindsThoseAgainThatWereHiddenForLong) {
  TrackerOption option = still(TrackerKind::TrackTrack);
  for (const float limit : {0.0F, 0.9F}) {
    option.lostMatchThr = limit;
    Tracker tracker = trackTrackThatKnows({boxAt(100, 100)}, option);
    tracker.update(std::vector<Box>(), {});
    tracker.update(std::vector<Box>(), {});
    EXPECT_EQ(tracker.update({boxAt(126, 100)}, {0.9F}), Ids({limit > 0 ? 1 : kNoTrack}));
  }
}

TEST(TrackTrackTest, ThresholdsAreThoseOfTheKindUnlessTheyAreGiven) {
  TrackerOption option = still(TrackerKind::ByteTrack);
  EXPECT_EQ(Tracker(option).update({boxAt(50, 50)}, {0.65F}), Ids({1}));
  option.kind = TrackerKind::TrackTrack;
  EXPECT_EQ(Tracker(option).update({boxAt(50, 50)}, {0.65F}), Ids({kNoTrack}));
  option.newTrackThresh = 0.6F;
  EXPECT_EQ(Tracker(option).update({boxAt(50, 50)}, {0.65F}), Ids({1}));
  EXPECT_FALSE(Tracker(option).option().trackHighThresh.has_value());
}

TEST(TrackTrackTest, TheSameAgainGivesTheSame) {
  const auto once = [] {
    Tracker tracker(still(TrackerKind::TrackTrack));
    std::vector<Ids> ids;
    for (int i = 0; i < 100; ++i) {
      ids.push_back(i % 9 == 8 ? tracker.update(std::vector<Box>(), {}) : tracker.update(frameOf(i % 40, 3)));
    }
    return ids;
  };
  const std::vector<Ids> ids = once();
  EXPECT_EQ(once(), ids);
  EXPECT_GT(ids[7][0], 0);
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
  for (const float wrong : {-0.1F, 1.1F, kNan}) {
    for (std::optional<float> TrackerOption::*const share :
         {&TrackerOption::trackHighThresh, &TrackerOption::trackLowThresh, &TrackerOption::newTrackThresh,
          &TrackerOption::matchThresh}) {
      EXPECT_NE(refusal([&](TrackerOption& option) { option.*share = wrong; }), "");
    }
    for (float TrackerOption::*const share :
         {&TrackerOption::proximityThresh, &TrackerOption::appearanceThresh, &TrackerOption::inertia,
          &TrackerOption::lostMatchThr, &TrackerOption::penaltyP, &TrackerOption::penaltyQ, &TrackerOption::reduceStep,
          &TrackerOption::taiThr}) {
      EXPECT_NE(refusal([&](TrackerOption& option) { option.*share = wrong; }), "");
    }
  }
  for (float TrackerOption::*const weight : {&TrackerOption::iouWeight, &TrackerOption::reidWeight,
                                             &TrackerOption::confWeight, &TrackerOption::angleWeight}) {
    for (const float wrong : {-0.1F, 10.1F, kNan, kInfinity}) {
      EXPECT_NE(refusal([&](TrackerOption& option) { option.*weight = wrong; }), "");
    }
  }
  EXPECT_EQ(refusal([](TrackerOption& option) { option.confWeight = 11; }),
            "Tracker: confWeight must be from 0 to 10, found 11.000000");
  EXPECT_EQ(refusal([](TrackerOption& option) { option.minTrackLen = 0; }),
            "Tracker: minTrackLen must be 1 or more images, found 0");
  EXPECT_EQ(refusal([](TrackerOption& option) { option.trackLowThresh = 0.5F; }),
            "Tracker: trackLowThresh must not be above trackHighThresh, found 0.500000 above 0.250000");
  EXPECT_EQ(refusal([](TrackerOption& option) { option.trackBuffer = -1; }),
            "Tracker: trackBuffer must be 0 or more images, found -1");
  for (const char* const method : {"orb", "sift", "ecc", ""}) {
    EXPECT_EQ(refusal([&](TrackerOption& option) { option.gmcMethod = method; }),
              std::string("Tracker: gmcMethod must be 'sparseOptFlow' or 'none', found '") + method +
                  "': the camera's motion is found by sparse optical flow only");
  }
  EXPECT_EQ(refusal([](TrackerOption& option) { option.deltaT = 0; }),
            "Tracker: deltaT must be 1 or more images, found 0");
  EXPECT_EQ(refusal([](TrackerOption& option) { option.withReid = true; }),
            "Tracker: withReid must be false: appearance is not compared yet");
}

TEST(TrackerTest, KindsHaveNames) {
  for (const TrackerKind kind : kKinds) {
    EXPECT_EQ(trackerKindOf(toString(kind)), kind);
  }
  EXPECT_EQ(refusalOf([] { trackerKindOf("sort"); }),
            "trackerKindOf: expected one of 'bytetrack', 'botsort', 'ocsort', 'tracktrack', found 'sort'");
}

}  // namespace
}  // namespace trtyolo
