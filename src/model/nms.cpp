#include "model/nms.hpp"

#include <algorithm>

#include "model/overlap.hpp"
#include "model/rotated_overlap.hpp"

namespace trtyolo {
namespace {

// By falling score, ties by rising anchor, then class; only the first kMostCandidates stay.
template <typename Scored>
void sortByScore(std::vector<Scored>& candidates) {
  const auto before = [](const Scored& a, const Scored& b) {
    return a.score != b.score     ? a.score > b.score
           : a.anchor != b.anchor ? a.anchor < b.anchor
                                  : a.classIndex < b.classIndex;
  };
  if (candidates.size() > kMostCandidates) {
    std::nth_element(candidates.begin(), candidates.begin() + kMostCandidates, candidates.end(), before);
    candidates.resize(kMostCandidates);
  }
  std::sort(candidates.begin(), candidates.end(), before);
}

}  // namespace

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
