#include "model/nms.hpp"

#include <algorithm>

#include "model/overlap.hpp"

namespace trtyolo {

std::vector<Candidate> suppress(std::vector<Candidate> candidates, float iou, bool agnostic, int most) {
  sortByScore(candidates);
  std::vector<Candidate> kept;
  std::vector<ShiftedBox> keptBoxes;
  for (const Candidate& candidate : candidates) {
    if (kept.size() >= static_cast<std::size_t>(most)) {
      break;
    }
    const ShiftedBox box = shifted(candidate.box, candidate.classIndex, agnostic);
    const bool free = std::none_of(keptBoxes.begin(), keptBoxes.end(), [&](const ShiftedBox& other) {
      return other.classIndex == box.classIndex && intersectionOverUnion(intersectionOf(other, box), other, box) > iou;
    });
    if (free) {
      kept.push_back(candidate);
      keptBoxes.push_back(box);
    }
  }
  return kept;
}

}  // namespace trtyolo
