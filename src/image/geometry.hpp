// Where an image lies in the network's input. Plain arithmetic, shared by every device.
#pragma once

#include <algorithm>
#include <cmath>

namespace trtyolo {

// Python's round(): halves go to the even neighbour, whatever the floating-point environment says.
inline int roundHalfEven(double value) {
  const double floor = std::floor(value);
  const double rest = value - floor;
  const bool up = rest > 0.5 || (rest == 0.5 && std::fmod(floor, 2.0) != 0.0);
  return static_cast<int>(floor) + (up ? 1 : 0);
}

struct Size {
  int width = 0;
  int height = 0;
  bool operator==(const Size&) const = default;
};

// The letterbox transform as Ultralytics' LetterBox defines it (center=True, scaleup=True, scale_fill=False):
// the image is scaled by one ratio so that it fits, each side rounded, and centred; what remains is border.
struct Letterbox {
  Size source;   // the image
  Size network;  // the whole input plane
  Size scaled;   // the image inside it
  int left = 0;  // border before the image
  int top = 0;

  static Letterbox fit(Size source, Size network) {
    Letterbox box;
    box.source = source;
    box.network = network;
    box.scaled = scaledSize(source, network);
    box.left = roundHalfEven((network.width - box.scaled.width) / 2.0 - 0.1);
    box.top = roundHalfEven((network.height - box.scaled.height) / 2.0 - 0.1);
    return box;
  }

  // The same with the input plane cut down to the smallest multiples of `stride` (LetterBox's auto=True), but not below
  // `least`.
  static Letterbox fitRect(Size source, Size largest, int stride, Size least = {1, 1}) {
    const Size scaled = scaledSize(source, largest);
    const Size network{std::max(largest.width - (largest.width - scaled.width) / stride * stride, least.width),
                       std::max(largest.height - (largest.height - scaled.height) / stride * stride, least.height)};
    Letterbox box;
    box.source = source;
    box.network = network;
    box.scaled = scaled;
    box.left = roundHalfEven((network.width - scaled.width) / 2.0 - 0.1);
    box.top = roundHalfEven((network.height - scaled.height) / 2.0 - 0.1);
    return box;
  }

  // Whether the border of the one is the border of the other.
  bool sameFrame(const Letterbox& other) const {
    return network == other.network && scaled == other.scaled && left == other.left && top == other.top;
  }

 private:
  static Size scaledSize(Size source, Size network) {
    const double ratio = std::min(static_cast<double>(network.height) / source.height,
                                  static_cast<double>(network.width) / source.width);
    return {std::max(roundHalfEven(source.width * ratio), 1), std::max(roundHalfEven(source.height * ratio), 1)};
  }
};

}  // namespace trtyolo
