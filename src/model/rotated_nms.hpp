// Non-maximum suppression of rotated boxes.
#pragma once

#include <cstdint>
#include <vector>

namespace trtyolo {

// A candidate in pixels of the network's input; theta in radians.
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
