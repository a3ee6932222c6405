#include "model/rotated_nms.hpp"

#include <algorithm>

#include "model/nms.hpp"
#include "model/rotated_overlap.hpp"

namespace trtyolo {

std::vector<RotatedCandidate> suppressRotated(std::vector<RotatedCandidate> candidates, float iou, bool agnostic,
                                              int most) {
  sortByScore(candidates);
  const RotatedOverlap overlaps(iou);
  std::vector<RotatedCandidate> kept;
  std::vector<Gaussian> before;
  before.reserve(candidates.size());
  for (const RotatedCandidate& candidate : candidates) {
    if (kept.size() >= static_cast<std::size_t>(most)) {
      break;
    }
    const Gaussian gaussian = gaussianOf(candidate.x, candidate.y, candidate.width, candidate.height, candidate.theta,
                                         candidate.classIndex, agnostic);
    const bool free =
        std::none_of(before.begin(), before.end(), [&](const Gaussian& other) { return overlaps(other, gaussian); });
    before.push_back(gaussian);
    if (free) {
      kept.push_back(candidate);
    }
  }
  return kept;
}

}  // namespace trtyolo
