#include "model/nms.hpp"

#include <algorithm>

namespace trtyolo {
namespace {

struct ShiftedBox {
  float left, top, right, bottom, area;
  int classIndex;
};

ShiftedBox shifted(const Candidate& candidate, bool agnostic) {
  const float shift = agnostic ? 0.0F : static_cast<float>(candidate.classIndex) * kClassShift;
  ShiftedBox box{candidate.box.left + shift,
                 candidate.box.top + shift,
                 candidate.box.right + shift,
                 candidate.box.bottom + shift,
                 0.0F,
                 agnostic ? 0 : candidate.classIndex};
  box.area = (box.right - box.left) * (box.bottom - box.top);
  return box;
}

float intersectionOverUnion(const ShiftedBox& a, const ShiftedBox& b) {
  const float width = std::max(0.0F, std::min(a.right, b.right) - std::max(a.left, b.left));
  const float height = std::max(0.0F, std::min(a.bottom, b.bottom) - std::max(a.top, b.top));
  const float intersection = width * height;
  return intersection / (a.area + b.area - intersection);
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
    const ShiftedBox box = shifted(candidate, agnostic);
    const bool free = std::none_of(keptBoxes.begin(), keptBoxes.end(), [&](const ShiftedBox& other) {
      return other.classIndex == box.classIndex && intersectionOverUnion(other, box) > iou;
    });
    if (free) {
      kept.push_back(candidate);
      keptBoxes.push_back(box);
    }
  }
  return kept;
}

}  // namespace trtyolo
