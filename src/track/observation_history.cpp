#include "track/observation_history.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace trtyolo {
namespace {

constexpr float kPi = 3.14159265F;
constexpr float kLeastWay = 1e-6F;  // pixels; a shorter one has no direction

struct Direction {
  float x = 0, y = 0;
};

Direction directionOf(const CenterBox& from, const CenterBox& to) {
  const auto x = static_cast<float>(to.x - from.x), y = static_cast<float>(to.y - from.y);
  const float length = std::hypot(x, y);
  return length > kLeastWay ? Direction{x / length, y / length} : Direction{};
}

// The way from `from` to `to`, of which `share` is covered.
CenterBox between(const CenterBox& from, const CenterBox& to, double share) {
  return {std::lerp(from.x, to.x, share), std::lerp(from.y, to.y, share), std::lerp(from.width, to.width, share),
          std::lerp(from.height, to.height, share)};
}

}  // namespace

ObservationHistory::ObservationHistory(int deltaT, long image, const CenterBox& box, const KalmanFilter& filter)
    : deltaT_(deltaT), observations_{{image, box}}, filter_(filter) {}

// The direction is that from the newest place which is at least `deltaT` images old, else from the oldest.
void ObservationHistory::add(long image, const CenterBox& box, const KalmanFilter& filter) {
  const auto isOld = [&](const Observation& observation) { return observation.image <= image - deltaT_; };
  const auto newer = std::find_if_not(observations_.begin(), observations_.end(), isOld);
  observations_.erase(observations_.begin(), newer == observations_.begin() ? newer : std::prev(newer));
  const Direction direction = directionOf(observations_.front().box, box);
  directionX_ = direction.x;
  directionY_ = direction.y;
  observations_.push_back({image, box});
  moved_ = true;
  filter_ = filter;
}

float ObservationHistory::turnTo(const CenterBox& box) const {
  const auto [x, y] = directionOf(lastBox(), box);
  if (!moved_ || (x == 0 && y == 0)) {
    return 0;
  }
  return std::acos(std::clamp(x * directionX_ + y * directionY_, -1.0F, 1.0F)) / kPi;
}

KalmanFilter ObservationHistory::filterOnTheWayTo(long image, const CenterBox& box) const {
  KalmanFilter filter = filter_;
  const auto [seen, from] = observations_.back();
  for (long i = seen + 1; i < image; ++i) {
    filter.predict();
    filter.update(between(from, box, static_cast<double>(i - seen) / static_cast<double>(image - seen)));
  }
  filter.predict();
  return filter;
}

}  // namespace trtyolo
