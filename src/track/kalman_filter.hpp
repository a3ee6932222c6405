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
  /// Of an object that is seen for the first time. `kind` says what is filtered beside the centre: width and height
  /// (BotSort, TrackTrack), or aspect ratio and height (the others).
  KalmanFilter(TrackerKind kind, const CenterBox& box);

  /// Goes on to the next image.
  void predict();
  /// What an image shows of the object. `variance` is that of what is measured, as a multiple of the usual one.
  void update(const CenterBox& box, double variance = 1);
  /// The camera moved: place, size and velocity are those of the new image. Of filters of width and height only.
  void move(const Motion& motion, bool rotated);
  /// For a track that is not seen: its size stays as it is.
  void stopGrowing();

  /// The box as it is thought to be.
  CenterBox box() const;

 private:
  using Vector4 = Eigen::Matrix<double, 4, 1>;
  using Vector8 = Eigen::Matrix<double, 8, 1>;
  using Matrix8 = Eigen::Matrix<double, 8, 8>;

  Vector4 measured(const CenterBox& box) const;
  /// Standard deviations that grow with the object: `share` of its size, and `ratio` for an aspect ratio.
  Vector4 deviations(double share, double ratio) const;

  bool ofRatio_;  // aspect ratio and height are filtered, not width and height
  Vector8 mean_;  // centre x, centre y, aspect ratio or width, height; and what each gains in an image
  Matrix8 covariance_;
};

}  // namespace trtyolo
