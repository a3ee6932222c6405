// Outlines of masks: border following on an image of the part of a mask that has runs.
#include <algorithm>
#include <array>

#include "trtyolo/results.hpp"

namespace trtyolo {
namespace {

// What is known of a pixel. kOnOutlineEnd: on an outline, and the pixel to the right is outside of it.
constexpr std::uint8_t kOutside = 0, kInside = 1, kOnOutline = 2, kOnOutlineEnd = 3;

// Directions to the neighbours of a pixel, anticlockwise from the right; the second round saves taking remainders.
constexpr std::array<int, 16> kStepX{1, 1, 0, -1, -1, -1, 0, 1, 1, 1, 0, -1, -1, -1, 0, 1};
constexpr std::array<int, 16> kStepY{0, -1, -1, -1, 0, 1, 1, 1, 0, -1, -1, -1, 0, 1, 1, 1};
constexpr unsigned kAround = 8, kLeft = 4;

// Follows the outline that begins at `point`, the pixel `first`, whose left neighbour is outside, and marks its pixels.
// Returns the points where it turns.
std::vector<PixelPoint> follow(std::uint8_t* first, PixelPoint point, std::ptrdiff_t pitch) {
  std::array<std::ptrdiff_t, kStepX.size()> offsets{};
  std::transform(kStepX.begin(), kStepX.end(), kStepY.begin(), offsets.begin(),
                 [pitch](int x, int y) { return y * pitch + x; });
  // Clockwise from the left is the pixel from which the outline comes back.
  unsigned back = kLeft + kAround - 1;
  while (back != kLeft && first[offsets[back]] == kOutside) {
    --back;
  }
  if (back == kLeft) {
    *first = kOnOutlineEnd;
    return {point};
  }
  const std::uint8_t* const last = first + offsets[back];
  back %= kAround;
  std::vector<PixelPoint> outline;
  for (std::uint8_t* pixel = first;;) {
    unsigned next = back + 1;
    while (pixel[offsets[next]] == kOutside) {
      ++next;
    }
    if (next > kAround) {  // past the neighbour to the right
      *pixel = kOnOutlineEnd;
    } else if (*pixel == kInside) {
      *pixel = kOnOutline;
    }
    const unsigned opposite = (next + kAround / 2) % kAround;
    if (opposite != back) {
      outline.push_back(point);
    }
    if (pixel == last && pixel + offsets[next] == first) {
      return outline;
    }
    pixel += offsets[next];
    point = {point.x + kStepX[next], point.y + kStepY[next]};
    back = opposite;
  }
}

}  // namespace

std::vector<std::vector<PixelPoint>> Masks::outlines(std::size_t i) const {
  const Run *const begin = runs(i), *const end = begin + runCount(i);
  if (begin == end) {
    return {};
  }
  const auto width = static_cast<std::uint32_t>(width_);
  std::uint32_t left = width, right = 0;
  for (const Run* run = begin; run != end; ++run) {
    const std::uint32_t x = run->begin % width;
    left = std::min(left, x);
    right = std::max(right, x + (run->end - run->begin));
  }
  const std::uint32_t top = begin->begin / width, bottom = (end - 1)->begin / width + 1;
  // With a frame of pixels outside, so that every pixel has eight neighbours.
  const std::size_t pitch = right - left + 2;
  std::vector<std::uint8_t> image(pitch * (bottom - top + 2));
  const auto at = [&](std::uint32_t pixel) {
    return image.data() + (pixel / width - top + 1) * pitch + (pixel % width - left + 1);
  };
  for (const Run* run = begin; run != end; ++run) {
    std::fill_n(at(run->begin), run->end - run->begin, kInside);
  }
  std::vector<std::vector<PixelPoint>> outlines;
  for (const Run* run = begin; run != end; ++run) {
    // Here begins a piece that was not met before, unless a hole of another one lies to the left.
    const std::uint32_t y = run->begin / width;
    if (*at(run->begin) == kInside &&
        (run == begin || run[-1].begin / width != y || *at(run[-1].end - 1) == kOnOutlineEnd)) {
      const PixelPoint point{static_cast<int>(run->begin - y * width), static_cast<int>(y)};
      outlines.push_back(follow(at(run->begin), point, static_cast<std::ptrdiff_t>(pitch)));
    }
  }
  // As OpenCV has them: what lies lowest comes first.
  std::reverse(outlines.begin(), outlines.end());
  return outlines;
}

}  // namespace trtyolo
