// Where an image lies in the network's input. Plain arithmetic, shared by every device.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "trtyolo/options.hpp"

namespace trtyolo {

// Python's round(): halves go to the even neighbour, whatever the floating-point environment says.
inline int roundHalfEven(double value) {
  const double floor = std::floor(value);
  const double rest = value - floor;
  const bool up = rest > 0.5 || (rest == 0.5 && std::fmod(floor, 2.0) != 0.0);
  return static_cast<int>(floor) + (up ? 1 : 0);
}

inline std::size_t roundUp(std::size_t value, std::size_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

struct Size {
  int width = 0;
  int height = 0;
  bool operator==(const Size&) const = default;
};

// How images are placed in the network's input.
struct Placing {
  LetterboxMode mode = LetterboxMode::Center;
  bool floors = false;  // the sides of the scaled image are rounded down, at least 1; otherwise to the nearest
  int longest = 0;      // pixels that no side of the scaled image exceeds; 0: those of the network's input
};

// The letterbox transform as Ultralytics' LetterBox defines it (center=True, scaleup=True, scale_fill=False):
// the image is scaled by one ratio so that it fits, each side rounded, and centred; what remains is border.
struct Letterbox {
  Size source;   // the image
  Size network;  // the whole input plane
  Size scaled;   // the image inside it
  int left = 0;  // border before the image
  int top = 0;
  double ratio = 0;  // by which both sides go back to the image; 0: each by what it was scaled by, rounding included

  static Letterbox fit(Size source, Size network) { return centred(source, network, scaledSize(source, network)); }

  // The same with the input plane cut down to the smallest multiples of `stride` (LetterBox's auto=True), but not below
  // `least`.
  static Letterbox fitRect(Size source, Size largest, int stride, Size least = {1, 1}) {
    const Size scaled = scaledSize(source, largest);
    const Size network{std::max(largest.width - (largest.width - scaled.width) / stride * stride, least.width),
                       std::max(largest.height - (largest.height - scaled.height) / stride * stride, least.height)};
    return centred(source, network, scaled);
  }

  // LetterBox's scale_fill=True: each side by a ratio of its own, without a border.
  static Letterbox stretch(Size source, Size network) { return {source, network, network, 0, 0}; }

  // As the families have it; like fit(source, network) by default.
  static Letterbox fit(Size source, Size network, const Placing& placing) {
    if (placing.mode == LetterboxMode::Stretch) {
      return stretch(source, network);
    }
    const int longest = placing.longest > 0 ? placing.longest : std::max(network.width, network.height);
    const Size room{std::min(network.width, longest), std::min(network.height, longest)};
    const double ratio =
        std::min(static_cast<double>(room.height) / source.height, static_cast<double>(room.width) / source.width);
    const Size floored{std::max(static_cast<int>(source.width * ratio), 1),
                       std::max(static_cast<int>(source.height * ratio), 1)};
    Letterbox box = centred(source, network, placing.floors ? floored : scaledSize(source, room));
    if (placing.mode == LetterboxMode::TopLeft) {
      box.left = box.top = 0;
    }
    if (placing.floors || placing.longest > 0) {
      box.ratio = ratio;
    }
    return box;
  }

  // Whether the border of the one is the border of the other.
  bool sameFrame(const Letterbox& other) const {
    return network == other.network && scaled == other.scaled && left == other.left && top == other.top;
  }

 private:
  static Letterbox centred(Size source, Size network, Size scaled) {
    return {source, network, scaled, roundHalfEven((network.width - scaled.width) / 2.0 - 0.1),
            roundHalfEven((network.height - scaled.height) / 2.0 - 0.1)};
  }

  static Size scaledSize(Size source, Size network) {
    const double ratio = std::min(static_cast<double>(network.height) / source.height,
                                  static_cast<double>(network.width) / source.width);
    return {std::max(roundHalfEven(source.width * ratio), 1), std::max(roundHalfEven(source.height * ratio), 1)};
  }
};

}  // namespace trtyolo
