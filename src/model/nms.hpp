// Non-maximum suppression.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "trtyolo.hpp"

namespace trtyolo {

inline constexpr std::size_t kMostCandidates = 30000;  // Ultralytics' max_nms
inline constexpr float kNoSuppression = 2;             // an intersection over union that no boxes have

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

// A rotated candidate in pixels of the network's input; theta in radians.
struct RotatedCandidate {
  float x = 0, y = 0, width = 0, height = 0, theta = 0;
  float score = 0;
  int classIndex = 0;
  std::uint32_t anchor = 0;  // its place in the output: breaks ties between equal scores
};

// Ultralytics' fast NMS: by falling score, ties by rising anchor, a candidate goes if its probabilistic intersection
// over union with any one before it (of its class, unless agnostic), kept or not, is larger than `iou`. Gives the first
// `most` that stay, in that order. Only the first 30000 by score take part (max_nms).
//
// The overlap is 1 minus the Hellinger distance of the boxes' Gaussians (arXiv:2106.06072), in f32 as Ultralytics'
// batch_probiou computes it, classes kept apart by moving the centres by 7680 x class.
std::vector<RotatedCandidate> suppressRotated(std::vector<RotatedCandidate> candidates, float iou, bool agnostic,
                                              int most);

}  // namespace trtyolo
