#include "track/kalman_filter.hpp"

#include <Eigen/Cholesky>
#include <cmath>

namespace trtyolo {
namespace {

// Of the object's size: how far places and velocities are uncertain.
constexpr double kPlace = 1.0 / 20, kVelocity = 1.0 / 160;

}  // namespace

KalmanFilter::KalmanFilter(TrackerKind kind, const CenterBox& box)
    : ofRatio_(kind == TrackerKind::ByteTrack || kind == TrackerKind::OcSort) {
  mean_ << measured(box), Vector4::Zero();
  Vector8 deviation;
  deviation << deviations(2 * kPlace, 1e-2), deviations(10 * kVelocity, 1e-5);
  covariance_ = deviation.cwiseAbs2().asDiagonal();
}

KalmanFilter::Vector4 KalmanFilter::measured(const CenterBox& box) const {
  return {box.x, box.y, ofRatio_ ? box.width / box.height : box.width, box.height};
}

KalmanFilter::Vector4 KalmanFilter::deviations(double share, double ratio) const {
  const double height = share * mean_(3);
  if (ofRatio_) {
    return {height, height, ratio, height};
  }
  const double width = share * mean_(2);
  return {width, height, width, height};
}

void KalmanFilter::predict() {
  Vector8 noise;
  noise << deviations(kPlace, 1e-2), deviations(kVelocity, 1e-5);
  mean_.head<4>() += mean_.tail<4>();
  covariance_.topRows<4>() += covariance_.bottomRows<4>();
  covariance_.leftCols<4>() += covariance_.rightCols<4>();
  covariance_.diagonal() += noise.cwiseAbs2();
}

void KalmanFilter::update(const CenterBox& box, double variance) {
  Eigen::Matrix4d expected = covariance_.topLeftCorner<4, 4>();
  expected.diagonal() += variance * deviations(kPlace, 1e-1).cwiseAbs2();
  const Eigen::Matrix<double, 4, 8> gain = expected.llt().solve(covariance_.topRows<4>());
  mean_ += gain.transpose() * (measured(box) - mean_.head<4>());
  covariance_ -= (gain.transpose() * expected * gain).eval();
}

// As in BoT-SORT (arXiv:2206.14651, section 3.2), which turns sizes as if they were places; here, as in Ultralytics, an
// upright box becomes the one around it after it was turned, and a rotated one is scaled.
void KalmanFilter::move(const Motion& motion, bool rotated) {
  Eigen::Matrix2d turn;
  turn << motion.xx, motion.xy, motion.yx, motion.yy;
  const Eigen::Matrix2d grow =
      rotated ? Eigen::Matrix2d(std::hypot(motion.xx, motion.yx) * Eigen::Matrix2d::Identity()) : turn.cwiseAbs();
  for (const Eigen::Index i : {0, 2, 4, 6}) {
    const Eigen::Matrix2d& map = i % 4 == 0 ? turn : grow;
    mean_.segment<2>(i) = (map * mean_.segment<2>(i)).eval();
    covariance_.middleRows<2>(i) = (map * covariance_.middleRows<2>(i)).eval();
    covariance_.middleCols<2>(i) = (covariance_.middleCols<2>(i) * map.transpose()).eval();
  }
  mean_(0) += motion.dx;
  mean_(1) += motion.dy;
}

void KalmanFilter::stopGrowing() {
  mean_(7) = 0;
  if (!ofRatio_) {
    mean_(6) = 0;
  }
}

CenterBox KalmanFilter::box() const {
  return {mean_(0), mean_(1), ofRatio_ ? mean_(2) * mean_(3) : mean_(2), mean_(3)};
}

}  // namespace trtyolo
