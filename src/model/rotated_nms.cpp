#include "model/rotated_nms.hpp"

#include <algorithm>
#include <cmath>

#include "model/nms.hpp"

namespace trtyolo {
namespace {

constexpr float kEpsilon = 1e-7F;

// A box as a Gaussian: its centre and the covariance [[a, c], [c, b]].
struct Gaussian {
  float x, y, a, b, c;
  float root;  // determinant, not below 0
};

Gaussian gaussianOf(const RotatedCandidate& box, bool agnostic) {
  const float shift = agnostic ? 0.0F : static_cast<float>(box.classIndex) * kClassShift;
  const float along = box.width * box.width / 12.0F, across = box.height * box.height / 12.0F;
  const float cos = std::cos(box.theta), sin = std::sin(box.theta);
  Gaussian gaussian{box.x + shift,
                    box.y + shift,
                    along * (cos * cos) + across * (sin * sin),
                    along * (sin * sin) + across * (cos * cos),
                    (along - across) * cos * sin,
                    0.0F};
  gaussian.root = std::max(0.0F, gaussian.a * gaussian.b - gaussian.c * gaussian.c);
  return gaussian;
}

float probabilisticIou(const Gaussian& p, const Gaussian& q) {
  const float a = p.a + q.a, b = p.b + q.b, c = p.c + q.c;
  const float determinant = a * b - c * c;
  const float dx = p.x - q.x, dy = p.y - q.y;
  const float t1 = (a * (dy * dy) + b * (dx * dx)) / (determinant + kEpsilon) * 0.25F;
  const float t2 = (c * -dx * dy) / (determinant + kEpsilon) * 0.5F;
  const float t3 = std::log(determinant / (4.0F * std::sqrt(p.root * q.root) + kEpsilon) + kEpsilon) * 0.5F;
  const float distance = std::clamp(t1 + t2 + t3, kEpsilon, 100.0F);  // Bhattacharyya's
  return 1.0F - std::sqrt(1.0F - std::exp(-distance) + kEpsilon);
}

}  // namespace

std::vector<RotatedCandidate> suppressRotated(std::vector<RotatedCandidate> candidates, float iou, bool agnostic,
                                              int most) {
  sortByScore(candidates);
  // An overlap above `iou` needs a Bhattacharyya distance below `farthest`. The distance is at least a quarter of the
  // centres' square distance over the trace of the summed covariances, where no epsilon matters: most pairs need no
  // logarithm. One more, and a fifth for the quarter, are for the roundings.
  const float farthest = -std::log(std::max(1.0F + kEpsilon - (1.0F - iou) * (1.0F - iou), kEpsilon)) + 1.0F;
  std::vector<RotatedCandidate> kept;
  std::vector<Gaussian> before;
  before.reserve(candidates.size());
  for (const RotatedCandidate& candidate : candidates) {
    if (kept.size() >= static_cast<std::size_t>(most)) {
      break;
    }
    const Gaussian gaussian = gaussianOf(candidate, agnostic);
    const bool free = std::none_of(before.begin(), before.end(), [&](const Gaussian& other) {
      const float dx = gaussian.x - other.x, dy = gaussian.y - other.y;
      const float a = gaussian.a + other.a, b = gaussian.b + other.b, c = gaussian.c + other.c;
      const bool apart = a * b - c * c >= 1.0F && (dx * dx + dy * dy) * 0.2F > farthest * (a + b);
      return !apart && probabilisticIou(other, gaussian) > iou;
    });
    before.push_back(gaussian);
    if (free) {
      kept.push_back(candidate);
    }
  }
  return kept;
}

}  // namespace trtyolo
