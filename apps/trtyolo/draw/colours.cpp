// Colours of what is drawn: see colours.hpp.
#include "draw/colours.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace app {

cv::Scalar colourOf(int index) {
  // Each hue is a golden angle from the one before.
  constexpr double kGoldenAngle = 137.508, kFirstHue = 212;
  constexpr std::array<std::array<double, 2>, 3> kTones{
      {{0.85, 0.95}, {0.65, 1.0}, {0.95, 0.75}}};  // saturation, value
  const double hue = std::fmod(kFirstHue + index * kGoldenAngle, 360) / 60;
  const auto [saturation, value] = kTones[static_cast<std::size_t>(index / 8 % 3)];
  const auto channel = [&, saturation = saturation, value = value](double offset) {
    const double position = std::fmod(offset + hue, 6);
    return 255 * value * (1 - saturation * std::max(0.0, std::min({position, 4 - position, 1.0})));
  };
  return {channel(1), channel(3), channel(5)};
}

cv::Scalar heatOf(double share) {
  const auto channel = [share](double peak) { return 255 * std::clamp(1.5 - std::abs(4 * share - peak), 0.0, 1.0); };
  return {channel(1), channel(2), channel(3)};
}

cv::Scalar inkOn(const cv::Scalar& colour) {
  const double brightness = 0.114 * colour[0] + 0.587 * colour[1] + 0.299 * colour[2];
  return brightness > 140 ? cv::Scalar::all(0) : cv::Scalar::all(255);
}

}  // namespace app
