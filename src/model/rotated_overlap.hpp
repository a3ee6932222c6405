// How much two rotated boxes overlap, for every device: 1 minus the Hellinger distance of the boxes' Gaussians
// (arXiv:2106.06072), in f32 as Ultralytics' batch_probiou computes it. The C library's sin, cos, log and exp and
// CUDA's may differ in the last bit.
#pragma once

#include <cmath>

#include "base/device_function.hpp"
#include "base/extremes.hpp"
#include "model/overlap.hpp"

namespace trtyolo {

inline constexpr float kOverlapEpsilon = 1e-7F;

// A box as a Gaussian: its centre, moved by its class, and the covariance [[a, c], [c, b]].
struct Gaussian {
  float x, y, a, b, c;
  float root;  // determinant, not below 0
};

TRTYOLO_DEVICE inline Gaussian gaussianOf(float x, float y, float width, float height, float theta, int classIndex,
                                          bool agnostic) {
  const float shift = agnostic ? 0.0F : static_cast<float>(classIndex) * kClassShift;
  const float along = width * width / 12.0F, across = height * height / 12.0F;
  const float cos = std::cos(theta), sin = std::sin(theta);
  Gaussian gaussian{x + shift,
                    y + shift,
                    along * (cos * cos) + across * (sin * sin),
                    along * (sin * sin) + across * (cos * cos),
                    (along - across) * cos * sin,
                    0.0F};
  gaussian.root = larger(0.0F, gaussian.a * gaussian.b - gaussian.c * gaussian.c);
  return gaussian;
}

TRTYOLO_DEVICE inline float probabilisticIou(const Gaussian& p, const Gaussian& q) {
  const float a = p.a + q.a, b = p.b + q.b, c = p.c + q.c;
  const float determinant = a * b - c * c;
  const float dx = p.x - q.x, dy = p.y - q.y;
  const float t1 = (a * (dy * dy) + b * (dx * dx)) / (determinant + kOverlapEpsilon) * 0.25F;
  const float t2 = (c * -dx * dy) / (determinant + kOverlapEpsilon) * 0.5F;
  const float t3 =
      std::log(determinant / (4.0F * std::sqrt(p.root * q.root) + kOverlapEpsilon) + kOverlapEpsilon) * 0.5F;
  const float distance = clamped(t1 + t2 + t3, kOverlapEpsilon, 100.0F);  // Bhattacharyya's
  return 1.0F - std::sqrt(1.0F - std::exp(-distance) + kOverlapEpsilon);
}

// Whether two boxes overlap by more than a threshold.
class RotatedOverlap {
 public:
  // An overlap above `iou` needs a Bhattacharyya distance below a limit. The distance is at least a quarter of the
  // centres' square distance over the trace of the summed covariances, where no epsilon matters: most pairs need no
  // logarithm. One more, and a fifth for the quarter, are for the roundings.
  TRTYOLO_DEVICE explicit RotatedOverlap(float iou)
      : iou_(iou),
        farthest_(-std::log(larger(1.0F + kOverlapEpsilon - (1.0F - iou) * (1.0F - iou), kOverlapEpsilon)) + 1.0F) {}

  TRTYOLO_DEVICE bool operator()(const Gaussian& before, const Gaussian& box) const {
    const float dx = box.x - before.x, dy = box.y - before.y;
    const float a = box.a + before.a, b = box.b + before.b, c = box.c + before.c;
    const bool apart = a * b - c * c >= 1.0F && (dx * dx + dy * dy) * 0.2F > farthest_ * (a + b);
    return !apart && probabilisticIou(before, box) > iou_;
  }

 private:
  float iou_, farthest_;
};

}  // namespace trtyolo
