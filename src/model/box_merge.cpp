#include "model/box_merge.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <optional>
#include <tuple>
#include <utility>

#include "model/finite_box.hpp"
#include "model/overlap.hpp"

namespace trtyolo {
namespace {

// ---------------------------------------------------------------------------------------------------------------------
// How much two boxes overlap

template <typename Number>
Number shareOf(MatchMetric metric, Number intersection, Number a, Number b) {
  const Number whole = metric == MatchMetric::Iou ? a + b - intersection : std::min(a, b);
  return whole > 0 ? intersection / whole : 0;
}

float uprightOverlap(const Box& a, const Box& b, MatchMetric metric) {
  const ShiftedBox one = shifted(a, 0, true), other = shifted(b, 0, true);
  return shareOf(metric, intersectionOf(one, other), one.area, other.area);
}

double areaOf(const Box& box) {
  return (double{box.right} - box.left) * (double{box.bottom} - box.top);
}

double exactUprightOverlap(const Box& a, const Box& b, MatchMetric metric) {
  const double width = std::max(0.0, double{std::min(a.right, b.right)} - std::max(a.left, b.left));
  const double height = std::max(0.0, double{std::min(a.bottom, b.bottom)} - std::max(a.top, b.top));
  return shareOf(metric, width * height, areaOf(a), areaOf(b));
}

struct Point {
  double x, y;
};

using Polygon = std::vector<Point>;

Polygon cornersOf(const RotatedBox& box) {
  const std::array<float, 8> corners = box.xyxyxyxy();
  return {{corners[0], corners[1]}, {corners[2], corners[3]}, {corners[4], corners[5]}, {corners[6], corners[7]}};
}

// Twice the area on the left of the line from `a` to `b` that a triangle with `c` has; negative on the right.
double crossOf(const Point& a, const Point& b, const Point& c) {
  return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
}

// What of a polygon is not on the left of the line from `a` to `b`, on which side the corners of xyxyxyxy() do not have
// their box.
Polygon cut(const Polygon& polygon, const Point& a, const Point& b) {
  Polygon left;
  for (std::size_t i = 0; i < polygon.size(); ++i) {
    const Point &from = polygon[i], &to = polygon[(i + 1) % polygon.size()];
    const double here = crossOf(a, b, from), there = crossOf(a, b, to);
    if (here <= 0) {
      left.push_back(from);
    }
    if ((here < 0 && there > 0) || (here > 0 && there < 0)) {
      const double way = here / (here - there);
      left.push_back({from.x + way * (to.x - from.x), from.y + way * (to.y - from.y)});
    }
  }
  return left;
}

double areaOf(const Polygon& polygon) {
  double twice = 0;
  for (std::size_t i = 1; i + 1 < polygon.size(); ++i) {
    twice += crossOf(polygon[0], polygon[i], polygon[i + 1]);
  }
  return std::abs(twice) / 2;
}

// Of convex polygons, by clipping (Sutherland and Hodgman, "Reentrant polygon clipping", 1974).
double rotatedOverlap(const RotatedBox& a, const RotatedBox& b, MatchMetric metric) {
  const Polygon clip = cornersOf(b);
  Polygon common = cornersOf(a);
  for (std::size_t i = 0; i < clip.size() && !common.empty(); ++i) {
    common = cut(common, clip[i], clip[(i + 1) % clip.size()]);
  }
  return shareOf(metric, areaOf(common), areaOf(static_cast<const Box&>(a)), areaOf(static_cast<const Box&>(b)));
}

// ---------------------------------------------------------------------------------------------------------------------
// One box around two

Box around(const Box& a, const Box& b) {
  return {std::min(a.left, b.left), std::min(a.top, b.top), std::max(a.right, b.right), std::max(a.bottom, b.bottom)};
}

// With the angle of `a`.
RotatedBox aroundRotated(const RotatedBox& a, const RotatedBox& b) {
  const auto [x, y, width, height, theta] = a.xywhr();
  const double cos = std::cos(theta), sin = std::sin(theta);
  // From the centre of `a`, along its sides.
  double left = -width / 2.0, right = width / 2.0, top = -height / 2.0, bottom = height / 2.0;
  for (const Point& corner : cornersOf(b)) {
    const double dx = corner.x - x, dy = corner.y - y;
    const double along = dx * cos + dy * sin, across = dy * cos - dx * sin;
    left = std::min(left, along);
    right = std::max(right, along);
    top = std::min(top, across);
    bottom = std::max(bottom, across);
  }
  const double middle = (left + right) / 2, centre = (top + bottom) / 2;
  const double newX = x + middle * cos - centre * sin, newY = y + middle * sin + centre * cos;
  return {{static_cast<float>(newX - (right - left) / 2), static_cast<float>(newY - (bottom - top) / 2),
           static_cast<float>(newX + (right - left) / 2), static_cast<float>(newY + (bottom - top) / 2)},
          theta};
}

// The upright box around a box.
Box boundsOf(const RotatedBox& box) {
  if (box.theta == 0) {
    return {box.left, box.top, box.right, box.bottom};
  }
  const std::array<float, 8> corner = box.xyxyxyxy();
  const auto [left, right] = std::minmax({corner[0], corner[2], corner[4], corner[6]});
  const auto [top, bottom] = std::minmax({corner[1], corner[3], corner[5], corner[7]});
  return {left, top, right, bottom};
}

// ---------------------------------------------------------------------------------------------------------------------
// Which boxes are near each other

// A grid over the boxes, with about four cells' worth of boxes in each if they lie evenly.
class Grid {
 public:
  explicit Grid(std::vector<Box> bounds) : bounds_(std::move(bounds)) {
    Box all{std::numeric_limits<float>::max(), std::numeric_limits<float>::max(), std::numeric_limits<float>::lowest(),
            std::numeric_limits<float>::lowest()};
    for (const Box& box : bounds_) {
      all = std::isfinite(box.left) ? around(all, box) : all;
    }
    const double width = double{all.right} - all.left, height = double{all.bottom} - all.top;
    if (!(width > 0 && height > 0)) {
      return;
    }
    const double cells = std::max<double>(1, static_cast<double>(bounds_.size()) / kPerCell);
    const double side = std::max({std::sqrt(width * height / cells), width / cells, height / cells});
    left_ = all.left;
    top_ = all.top;
    scale_ = 1 / side;
    columns_ = static_cast<std::size_t>(width * scale_) + 1;
    cells_.resize(columns_ * (static_cast<std::size_t>(height * scale_) + 1));
    for (std::size_t i = 0; i < bounds_.size(); ++i) {
      if (std::isfinite(bounds_[i].left)) {
        forCells(cellsOf(bounds_[i]),
                 [&](std::size_t, std::size_t, std::vector<std::size_t>& cell) { cell.push_back(i); });
      }
    }
  }

  // Calls `visit` with each other box that may have a point in common with box `i`, once.
  template <typename Visit>
  void forNear(std::size_t i, const Visit& visit) {
    if (cells_.empty() || !std::isfinite(bounds_[i].left)) {
      return;
    }
    const Cells own = cellsOf(bounds_[i]);
    forCells(own, [&](std::size_t column, std::size_t row, const std::vector<std::size_t>& cell) {
      for (const std::size_t other : cell) {
        const Cells theirs = cellsOf(bounds_[other]);
        const bool firstCommon = column == std::max(own.left, theirs.left) && row == std::max(own.top, theirs.top);
        if (other != i && firstCommon) {
          visit(other);
        }
      }
    });
  }

 private:
  static constexpr double kPerCell = 4;

  struct Cells {
    std::size_t left, top, right, bottom;  // the last ones, too
  };

  Cells cellsOf(const Box& box) const {
    const auto place = [&](double value, double from) { return static_cast<std::size_t>((value - from) * scale_); };
    return {place(box.left, left_), place(box.top, top_), place(box.right, left_), place(box.bottom, top_)};
  }

  template <typename Visit>
  void forCells(const Cells& cells, const Visit& visit) {
    for (std::size_t row = cells.top; row <= cells.bottom; ++row) {
      for (std::size_t column = cells.left; column <= cells.right; ++column) {
        visit(column, row, cells_[row * columns_ + column]);
      }
    }
  }

  std::vector<Box> bounds_;  // not finite: in no cell
  double left_ = 0, top_ = 0, scale_ = 0;
  std::size_t columns_ = 0;
  std::vector<std::vector<std::size_t>> cells_;
};

// ---------------------------------------------------------------------------------------------------------------------
// Merging

// NaN, which is not before or behind anything, would break the order.
float ordered(float value) {
  return std::isnan(value) ? std::numeric_limits<float>::lowest() : value;
}

// The boxes that may be merged with each other: of one class, or all.
class Group {
 public:
  Group(std::span<const FoundBox> boxes, std::vector<std::size_t> members, const SliceOption& option, bool rotated)
      : boxes_(boxes), members_(std::move(members)), option_(option), rotated_(rotated), grid_(allBounds()) {
    order_.resize(members_.size());
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    const auto key = [this](std::size_t i) {
      const FoundBox& found = box(i);
      return std::tuple(-ordered(found.score), ordered(found.box.left), ordered(found.box.top),
                        ordered(found.box.right), ordered(found.box.bottom), i);
    };
    std::sort(order_.begin(), order_.end(), [&](std::size_t a, std::size_t b) { return key(a) < key(b); });
    rank_.resize(order_.size());
    for (std::size_t rank = 0; rank < order_.size(); ++rank) {
      rank_[order_[rank]] = rank;
    }
  }

  void merge(std::vector<MergedBox>& into) {
    for (const auto& [kept, others] : option_.merge == SliceMerge::Nmm ? chains() : greedy()) {
      into.push_back(together(kept, others));
    }
  }

 private:
  using Matches = std::vector<std::size_t>;  // of members, by their number in the group
  using Clusters = std::vector<std::pair<std::size_t, Matches>>;

  const FoundBox& box(std::size_t member) const { return boxes_[members_[member]]; }

  std::vector<Box> allBounds() const {
    std::vector<Box> bounds;
    bounds.reserve(members_.size());
    for (const std::size_t member : members_) {
      Box box = boundsOf(boxes_[member].box);
      if (!isFinite(boxes_[member].box)) {
        box.left = std::numeric_limits<float>::quiet_NaN();
      }
      bounds.push_back(box);
    }
    return bounds;
  }

  bool match(std::size_t a, std::size_t b) const {
    const RotatedBox &one = box(a).box, &other = box(b).box;
    return rotated_ ? rotatedOverlap(one, other, option_.matchMetric) >= option_.matchThreshold
                    : uprightOverlap(one, other, option_.matchMetric) >= static_cast<float>(option_.matchThreshold);
  }

  Matches matchesOf(std::size_t member) {
    Matches matches;
    grid_.forNear(member, [&](std::size_t other) {
      if (match(member, other)) {
        matches.push_back(other);
      }
    });
    return matches;
  }

  // Each keeps those that match it and that none before it has.
  Clusters greedy() {
    Clusters clusters;
    std::vector<bool> gone(members_.size());
    for (std::size_t rank = 0; rank < order_.size(); ++rank) {
      const std::size_t kept = order_[rank];
      if (gone[kept]) {
        continue;
      }
      Matches matches = matchesOf(kept);
      std::erase_if(matches, [&](std::size_t other) { return rank_[other] < rank || gone[other]; });
      std::sort(matches.begin(), matches.end(), [&](std::size_t a, std::size_t b) { return rank_[a] < rank_[b]; });
      for (const std::size_t other : matches) {
        gone[other] = true;
      }
      clusters.emplace_back(kept, std::move(matches));
    }
    return clusters;
  }

  // What matches one that was merged goes to the same. Of equal scores only equal boxes do.
  Clusters chains() {
    Clusters clusters;
    std::vector<std::optional<std::size_t>> clusterOf(members_.size());
    for (const std::size_t current : order_) {
      Matches matches = matchesOf(current);
      std::sort(matches.begin(), matches.end());
      if (!clusterOf[current]) {
        clusterOf[current] = clusters.size();
        clusters.emplace_back(current, Matches());
      }
      const std::size_t cluster = *clusterOf[current];
      for (const std::size_t other : matches) {
        const bool below = box(other).score < box(current).score ||
                           (box(other).score == box(current).score && box(other).box.xyxy() == box(current).box.xyxy());
        if (below && !clusterOf[other]) {
          clusterOf[other] = cluster;
          clusters[cluster].second.push_back(other);
        }
      }
    }
    return clusters;
  }

  MergedBox together(std::size_t kept, const Matches& others) const {
    MergedBox result{members_[kept], {}, box(kept)};
    if (option_.merge == SliceMerge::Nms) {
      return result;
    }
    FoundBox& found = result.found;
    for (const std::size_t other : others) {
      const FoundBox& next = box(other);
      const double overlap = rotated_ ? rotatedOverlap(found.box, next.box, option_.matchMetric)
                                      : exactUprightOverlap(found.box, next.box, option_.matchMetric);
      if (overlap < option_.matchThreshold) {
        continue;
      }
      found.box = rotated_ ? aroundRotated(found.box, next.box) : RotatedBox{around(found.box, next.box), 0};
      found.classIndex = found.score > next.score ? found.classIndex : next.classIndex;
      result.merged.push_back(members_[other]);
    }
    return result;
  }

  std::span<const FoundBox> boxes_;
  std::vector<std::size_t> members_;  // in the order of the boxes
  const SliceOption& option_;
  bool rotated_;
  Grid grid_;
  std::vector<std::size_t> order_, rank_;  // by falling score
};

}  // namespace

std::vector<MergedBox> mergeBoxes(std::span<const FoundBox> boxes, const SliceOption& option, bool rotated) {
  std::map<int, std::vector<std::size_t>> groups;
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    groups[option.classAgnostic ? 0 : boxes[i].classIndex].push_back(i);
  }
  std::vector<MergedBox> merged;
  for (auto& [classIndex, members] : groups) {
    Group(boxes, std::move(members), option, rotated).merge(merged);
  }
  std::stable_sort(merged.begin(), merged.end(), [](const MergedBox& a, const MergedBox& b) {
    return ordered(a.found.score) > ordered(b.found.score);
  });
  return merged;
}

}  // namespace trtyolo
