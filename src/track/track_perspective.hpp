// What TrackTrack (Shim et al., CVPR 2025) compares, and how it matches: each track takes the object that is best for
// it if no other track is better for that object, and the limit falls from round to round.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "track/distances.hpp"

namespace trtyolo {

/// Where an object was seen in the last images, and in which directions the corners of its box move.
class CornerHistory {
 public:
  /// Of an object that is seen for the first time, in the image of this number.
  CornerHistory(long image, const CenterBox& box);

  /// It is seen again: the directions are those from where it was seen in the three images before, of which nearer ones
  /// count more.
  void add(long image, const CenterBox& box);
  /// It is found again after it was not seen: the directions stay.
  void addFoundAgain(long image, const CenterBox& box);

  /// The mean angle, as a share of half a turn, between the directions of the corners and those from where the object
  /// was three images before the one of this number (or was seen last) to `box`. Directions that are not known stand at
  /// a right angle to all.
  float turnTo(long image, const Box& box) const;

 private:
  struct Direction {
    float x = 0, y = 0;
  };
  using Directions = std::array<Direction, 4>;
  struct Observation {
    long image = 0;
    Box box{};
  };

  static Directions directionsOf(const Box& from, const Box& to);
  const Box& boxBefore(long image, long images) const;

  std::vector<Observation> observations_;  // the newest last
  Directions directions_;                  // shorter than 1 of an object that was not seen in all images, or turned
};

/// How far the ranges between upper and lower edge are the same: what both have of what one has, below 0 if there is
/// a gap.
float heightOverlap(const Box& a, const Box& b);

/// A pair that may match.
struct Candidate {
  std::size_t row = 0, column = 0;
  float cost = 0;
};

/// Matches pairs that cost least for both their row and their column, and less than the limit; of the others again,
/// with a limit that is lower by `step` each time, until no pair matches. `candidates` by rising row, then column, each
/// pair once; of equal costs the first counts.
Pairs mutualNearest(std::vector<Candidate> candidates, double limit, double step);

}  // namespace trtyolo
