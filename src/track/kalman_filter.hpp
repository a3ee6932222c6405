// What a track knows of its object: where it is, how it moves, and how sure that is. A Kalman filter with constant
// velocity, as in SORT (arXiv:1602.00763); in pixels and images.
#pragma once

#include <Eigen/Core>

#include "trtyolo/track.hpp"

namespace trtyolo {

/// A box without its angle, in pixels.
struct CenterBox {
  double x = 0, y = 0, width = 0, height = 0;
};

class KalmanFilter {
 public:
  /// Of an object that is seen for the first time. `kind` says what is filtered beside the centre: aspect ratio and
  /// height (ByteTrack), or width and height (BotSort).
  KalmanFilter(TrackerKind kind, const CenterBox& box);

  /// Goes on to the next image.
  void predict();
  /// What an image shows of the object.
  void update(const CenterBox& box);
  /// For a track that is not seen: its size stays as it is.
  void stopGrowing();

  /// The box as it is thought to be.
  CenterBox box() const;

 private:
  using Vector4 = Eigen::Matrix<double, 4, 1>;
  using Vector8 = Eigen::Matrix<double, 8, 1>;
  using Matrix8 = Eigen::Matrix<double, 8, 8>;

  Vector4 measured(const CenterBox& box) const;
  /// Standard deviations that grow with the object: `share` of its size, and `ofRatio` for an aspect ratio.
  Vector4 deviations(double share, double ofRatio) const;

  TrackerKind kind_;
  Vector8 mean_;  // centre x, centre y, aspect ratio or width, height; and what each gains in an image
  Matrix8 covariance_;
};

}  // namespace trtyolo
