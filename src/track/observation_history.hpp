// What OC-SORT (arXiv:2203.14360) remembers of a track: where its object was seen, not where it was thought to be.
#pragma once

#include <vector>

#include "track/kalman_filter.hpp"

namespace trtyolo {

class ObservationHistory {
 public:
  /// Of an object that is seen for the first time, in the image of this number. Directions are measured over `deltaT`
  /// images.
  ObservationHistory(int deltaT, long image, const CenterBox& box, const KalmanFilter& filter);

  /// The object is seen again; `filter` knows that already.
  void add(long image, const CenterBox& box, const KalmanFilter& filter);

  /// Where the object was seen last.
  const CenterBox& lastBox() const { return observations_.back().box; }

  /// The angle between the direction in which the object moved and that from its last place to `box`, as a share of
  /// half a turn: 0 to 1. 0 if one of them is unknown: the object was seen once, or the box is at its last place.
  float turnTo(const CenterBox& box) const;

  /// The filter in the image of this number, before it is told of `box`, had the object moved evenly to there from
  /// where it was seen last.
  KalmanFilter filterOnTheWayTo(long image, const CenterBox& box) const;

 private:
  struct Observation {
    long image = 0;
    CenterBox box;
  };

  long deltaT_;
  std::vector<Observation> observations_;  // the newest last; of those that are deltaT images old the newest
  KalmanFilter filter_;                    // when the object was seen last
  bool moved_ = false;                     // seen twice
  float directionX_ = 0, directionY_ = 0;  // of length 1, or 0 for an object that did not move
};

}  // namespace trtyolo
