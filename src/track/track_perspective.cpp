#include "track/track_perspective.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace trtyolo {
namespace {

constexpr long kImages = 3;               // over which directions are measured
constexpr float kHalfTurn = 3.14159265F;  // radians
constexpr float kStill = 1e-5F;           // pixels, added to each way: what stands still has no direction
constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

}  // namespace

CornerHistory::CornerHistory(long image, const CenterBox& box) : observations_{{image, cornersOf(box)}} {}

void CornerHistory::add(long image, const CenterBox& box) {
  addFoundAgain(image, box);
  directions_ = {};
  for (long images = 1; images <= kImages; ++images) {
    // Of an image in which the object was not seen, boxBefore() is the newest box: its directions are 0.
    const Directions found = directionsOf(boxBefore(image, images), observations_.back().box);
    const auto share = 1.0F / static_cast<float>(images * kImages);
    for (std::size_t i = 0; i < found.size(); ++i) {
      directions_[i].x += share * found[i].x;
      directions_[i].y += share * found[i].y;
    }
  }
}

void CornerHistory::addFoundAgain(long image, const CenterBox& box) {
  observations_.push_back({image, cornersOf(box)});
  if (observations_.size() > static_cast<std::size_t>(kImages) + 1) {
    observations_.erase(observations_.begin());
  }
}

float CornerHistory::turnTo(long image, const Box& box) const {
  const Directions found = directionsOf(boxBefore(image, kImages), box);
  float sum = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const float cosine = found[i].x * directions_[i].x + found[i].y * directions_[i].y;
    sum += std::acos(std::clamp(cosine, -1.0F, 1.0F));
  }
  return sum / (kHalfTurn * static_cast<float>(found.size()));
}

CornerHistory::Directions CornerHistory::directionsOf(const Box& from, const Box& to) {
  const auto direction = [](float x, float y) {
    const float length = std::sqrt(x * x + y * y) + kStill;
    return Direction{x / length, y / length};
  };
  const float left = to.left - from.left, top = to.top - from.top;
  const float right = to.right - from.right, bottom = to.bottom - from.bottom;
  return {direction(left, top), direction(left, bottom), direction(right, top), direction(right, bottom)};
}

const Box& CornerHistory::boxBefore(long image, long images) const {
  const auto found = std::find_if(observations_.begin(), observations_.end(),
                                  [&](const Observation& each) { return each.image == image - images; });
  return found == observations_.end() ? observations_.back().box : found->box;
}

float heightOverlap(const Box& a, const Box& b) {
  const float both = std::min(a.bottom, b.bottom) - std::max(a.top, b.top);
  const float any = std::max(a.bottom, b.bottom) - std::min(a.top, b.top);
  return both / (any + kOverlapEpsilon);
}

Pairs mutualNearest(std::vector<Candidate> candidates, double limit, double step) {
  std::size_t rows = 0, columns = 0;
  for (const auto& [row, column, cost] : candidates) {
    rows = std::max(rows, row + 1);
    columns = std::max(columns, column + 1);
  }
  Pairs pairs;
  for (std::size_t before = kNone; pairs.size() != before; limit -= step) {
    before = pairs.size();
    std::vector<std::size_t> ofRow(rows, kNone), ofColumn(columns, kNone);  // the best candidate
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      for (std::size_t* const best : {&ofRow[candidates[i].row], &ofColumn[candidates[i].column]}) {
        if (*best == kNone || candidates[i].cost < candidates[*best].cost) {
          *best = i;
        }
      }
    }
    std::vector<bool> rowTaken(rows), columnTaken(columns);
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      const auto& [row, column, cost] = candidates[i];
      if (ofRow[row] == i && ofColumn[column] == i && cost < static_cast<float>(limit)) {
        pairs.emplace_back(row, column);
        rowTaken[row] = columnTaken[column] = true;
      }
    }
    std::erase_if(candidates, [&](const Candidate& each) { return rowTaken[each.row] || columnTaken[each.column]; });
  }
  std::sort(pairs.begin(), pairs.end());
  return pairs;
}

}  // namespace trtyolo
