#include "api/joined_outline.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

namespace trtyolo {
namespace {

constexpr int kCell = 16;  // pixels

}  // namespace

JoinedOutline::JoinedOutline(int width, int height)
    : columns_(width / kCell + 1),
      rows_(height / kCell + 1),
      cells_(static_cast<std::size_t>(columns_) * static_cast<std::size_t>(rows_), kNone) {}

std::int64_t JoinedOutline::add(const std::vector<PixelPoint>& outline) {
  if (outline.empty()) {
    return 0;
  }
  if (nodes_.empty()) {
    std::uint32_t last = kNone;
    for (const PixelPoint point : outline) {
      append(point, last);
    }
    return 0;
  }
  Nearest nearest = nearestTo(outline, 0);
  double away = distanceOf(nearest);  // no node is nearer to the point that is looked at
  for (std::size_t i = 1; i < outline.size(); ++i) {
    away -= std::hypot(outline[i].x - outline[i - 1].x, outline[i].y - outline[i - 1].y);
    if (away > distanceOf(nearest) + 1) {  // a pixel, for rounding
      continue;
    }
    const Nearest own = nearestTo(outline, i);
    away = distanceOf(own);
    nearest = std::min(nearest, own);
  }
  const PixelPoint from = nodes_[nearest.node].point;
  const std::uint32_t onward = nodes_[nearest.node].next;
  std::uint32_t last = nearest.node;
  for (std::size_t i = 0; i <= outline.size(); ++i) {
    append(outline[(nearest.point + i) % outline.size()], last);
  }
  append(from, last);
  nodes_[last].next = onward;
  return nearest.distance;
}

std::vector<PixelPoint> JoinedOutline::points() const {
  std::vector<PixelPoint> all;
  all.reserve(nodes_.size());
  for (std::uint32_t node = nodes_.empty() ? kNone : 0; node != kNone; node = nodes_[node].next) {
    all.push_back(nodes_[node].point);
  }
  return all;
}

// Puts a point behind the node `last`, which is then its own.
void JoinedOutline::append(PixelPoint point, std::uint32_t& last) {
  const auto node = static_cast<std::uint32_t>(nodes_.size());
  std::uint32_t& cell = cellAt(point.x / kCell, point.y / kCell);
  nodes_.push_back({point, kNone, cell});
  cell = node;
  if (last != kNone) {
    nodes_[last].next = node;
  }
  last = node;
}

// The node that is nearest to a point of the outline: in its own cell, then in the cells around it, as far as anything
// nearer may lie. There is one.
JoinedOutline::Nearest JoinedOutline::nearestTo(const std::vector<PixelPoint>& outline, std::size_t point) {
  Nearest nearest{std::numeric_limits<std::int64_t>::max(), 0, 0};
  const PixelPoint at = outline[point];
  const int column = at.x / kCell, row = at.y / kCell;
  const auto lookInto = [&](int x, int y) {
    for (std::uint32_t node = cellAt(x, y); node != kNone; node = nodes_[node].nextOfCell) {
      const std::int64_t dx = nodes_[node].point.x - at.x, dy = nodes_[node].point.y - at.y;
      nearest = std::min(nearest, Nearest{dx * dx + dy * dy, node, point});
    }
  };
  const int most = std::max({column, columns_ - 1 - column, row, rows_ - 1 - row});
  for (int ring = 0; ring <= most; ++ring) {
    const std::int64_t least = ring == 0 ? 0 : std::int64_t{ring - 1} * kCell + 1;  // how far away its pixels are
    if (least * least > nearest.distance) {
      break;
    }
    const int top = std::max(row - ring, 0), bottom = std::min(row + ring, rows_ - 1);
    for (int y = top; y <= bottom; ++y) {
      const bool edge = y == row - ring || y == row + ring;
      for (int x = column - ring; x <= column + ring; x += edge || ring == 0 ? 1 : 2 * ring) {
        if (x >= 0 && x < columns_) {
          lookInto(x, y);
        }
      }
    }
  }
  return nearest;
}

}  // namespace trtyolo
