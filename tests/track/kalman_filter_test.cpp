// The filter where the camera moves, against the matrices that the paper has.
#include "track/kalman_filter.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace trtyolo {
namespace {

constexpr CenterBox kStart{100, 60, 40, 80}, kNext{104, 62, 42, 82};

KalmanFilter filterOfTwo() {
  KalmanFilter filter(TrackerKind::BotSort, kStart);
  filter.predict();
  filter.update(kNext);
  filter.predict();
  return filter;
}

void expectNear(const CenterBox& found, const CenterBox& expected) {
  EXPECT_NEAR(found.x, expected.x, 1e-9);
  EXPECT_NEAR(found.y, expected.y, 1e-9);
  EXPECT_NEAR(found.width, expected.width, 1e-9);
  EXPECT_NEAR(found.height, expected.height, 1e-9);
}

TEST(KalmanFilterTest, NoMotionChangesNothing) {
  const KalmanFilter still = filterOfTwo();
  KalmanFilter moved = still;
  moved.move(Motion(), false);
  expectNear(moved.box(), still.box());
  moved.move(Motion(), true);
  expectNear(moved.box(), still.box());
}

TEST(KalmanFilterTest, AShiftMovesThePlaceOnly) {
  const CenterBox before = filterOfTwo().box();
  KalmanFilter filter = filterOfTwo();
  Motion motion;
  motion.dx = 7;
  motion.dy = -3;
  filter.move(motion, false);
  expectNear(filter.box(), {before.x + 7, before.y - 3, before.width, before.height});
}

TEST(KalmanFilterTest, AScaleMovesSizeAndVelocityToo) {
  const CenterBox before = filterOfTwo().box();
  KalmanFilter scaled = filterOfTwo(), still = filterOfTwo();
  Motion motion;
  motion.xx = motion.yy = 2;
  scaled.move(motion, false);
  expectNear(scaled.box(), {2 * before.x, 2 * before.y, 2 * before.width, 2 * before.height});
  scaled.predict();
  still.predict();
  const CenterBox after = still.box();
  expectNear(scaled.box(), {2 * after.x, 2 * after.y, 2 * after.width, 2 * after.height});
}

TEST(KalmanFilterTest, ATurnedUprightBoxBecomesTheOneAroundIt) {
  const CenterBox before = filterOfTwo().box();
  KalmanFilter upright = filterOfTwo(), rotated = filterOfTwo();
  const double angle = 0.3, cosine = std::cos(angle), sine = std::sin(angle);
  const Motion motion{cosine, -sine, 0, sine, cosine, 0};
  upright.move(motion, false);
  rotated.move(motion, true);
  const double x = cosine * before.x - sine * before.y, y = sine * before.x + cosine * before.y;
  expectNear(upright.box(),
             {x, y, cosine * before.width + sine * before.height, sine * before.width + cosine * before.height});
  expectNear(rotated.box(), {x, y, before.width, before.height});
}

// The variance of a place of 40 pixels is 4 + 16 + 6.25 after the first prediction, and that of what is measured 4.
TEST(KalmanFilterTest, TheLessVarianceTheNearerToWhatIsSeen) {
  for (const double variance : {1.0, 0.25, 0.05}) {
    KalmanFilter filter(TrackerKind::TrackTrack, kStart);
    filter.predict();
    filter.update(kNext, variance);
    EXPECT_NEAR(filter.box().x, 100 + 4 * 26.25 / (26.25 + 4 * variance), 1e-9);
  }
  KalmanFilter usual = filterOfTwo(), same(TrackerKind::TrackTrack, kStart);
  same.predict();
  same.update(kNext);
  same.predict();
  expectNear(same.box(), usual.box());
}

// What the covariance tells: how far an object that is seen elsewhere pulls the filter to it. A filter that was turned
// and turned back is pulled as far as one that was not.
TEST(KalmanFilterTest, ATurnTurnsTheCovariance) {
  const double angle = 0.3, cosine = std::cos(angle), sine = std::sin(angle);
  KalmanFilter turned = filterOfTwo(), still = filterOfTwo();
  turned.move({cosine, -sine, 0, sine, cosine, 0}, true);
  turned.move({cosine, sine, 0, -sine, cosine, 0}, true);
  const CenterBox elsewhere{130, 40, 50, 70};
  turned.update(elsewhere);
  still.update(elsewhere);
  expectNear(turned.box(), still.box());
}

}  // namespace
}  // namespace trtyolo
