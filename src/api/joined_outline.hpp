// Outlines that lie apart as one.
#pragma once

#include <cmath>
#include <cstdint>
#include <tuple>
#include <vector>

#include "trtyolo/results.hpp"

namespace trtyolo {

// Joins outlines by lines there and back, each where it is nearest to those before it. The time grows with the number
// of points, not with its square: points are looked for in the cells of a grid, and not for a point that is too near to
// another one that lies far away.
class JoinedOutline {
 public:
  // Of outlines within an image of that size.
  JoinedOutline(int width, int height);

  // Goes from the point that is nearest to the outline's points around that and back; the first outline stands alone.
  // The square of the line's length. Of equal ones, the earliest point of those before, then of the outline's own.
  std::int64_t add(const std::vector<PixelPoint>& outline);

  // All of them: around the first, with detours.
  std::vector<PixelPoint> points() const;

 private:
  static constexpr std::uint32_t kNone = 0xFFFFFFFF;
  struct Node {
    PixelPoint point;
    std::uint32_t next = kNone;        // on the way around
    std::uint32_t nextOfCell = kNone;  // in no order
  };
  struct Nearest {
    std::int64_t distance;  // its square
    std::uint32_t node;
    std::size_t point;  // of the outline

    bool operator<(const Nearest& other) const {
      return std::tie(distance, node, point) < std::tie(other.distance, other.node, other.point);
    }
  };

  std::uint32_t& cellAt(int column, int row) { return cells_[static_cast<std::size_t>(row) * columns_ + column]; }
  void append(PixelPoint point, std::uint32_t& last);
  Nearest nearestTo(const std::vector<PixelPoint>& outline, std::size_t point);
  static double distanceOf(const Nearest& nearest) { return std::sqrt(static_cast<double>(nearest.distance)); }

  std::vector<Node> nodes_;  // in the order in which they came
  int columns_, rows_;
  std::vector<std::uint32_t> cells_;  // the last node of each
};

}  // namespace trtyolo
