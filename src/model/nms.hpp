// Non-maximum suppression of axis-aligned boxes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "trtyolo.hpp"

namespace trtyolo {

inline constexpr std::size_t kMostCandidates = 30000;  // Ultralytics' max_nms

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

// A candidate in pixels of the network's input.
struct Candidate {
  Box box;
  float score = 0;
  int classIndex = 0;
  std::uint32_t anchor = 0;  // its place in the output: breaks ties between equal scores
};

// Greedy suppression: by falling score, ties by rising anchor, then class, a candidate is kept unless its intersection
// over union with one kept before (of its class, unless agnostic) is larger than `iou`; stops at `most` kept. Gives the
// kept ones in that order. Only the first 30000 by score take part (Ultralytics' max_nms).
//
// The arithmetic is that of torchvision.ops.nms in f32 on boxes moved by 7680 x class, which is how Ultralytics keeps
// classes apart: the shift costs bits, and what is suppressed at a threshold's edge depends on it.
std::vector<Candidate> suppress(std::vector<Candidate> candidates, float iou, bool agnostic, int most);

}  // namespace trtyolo
