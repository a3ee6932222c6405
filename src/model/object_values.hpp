// What the values of a candidate or a finished object mean, for every device.
#pragma once

#include <cstdint>

#include "cuda/device_function.hpp"
#include "trtyolo.hpp"

namespace trtyolo {

inline constexpr int kMostFinishedClasses = 65536;  // of a network that does not say how many it has

// The box of four values: its corners, or its centre and size.
TRTYOLO_DEVICE inline Box cornersOf(float a, float b, float c, float d, bool corners) {
  if (corners) {
    return {a, b, c, d};
  }
  const float halfWidth = c / 2.0F, halfHeight = d / 2.0F;
  return {a - halfWidth, b - halfHeight, a + halfWidth, b + halfHeight};
}

// Whether a finished object is one. A class that the model does not have is no object (nor is a NaN).
TRTYOLO_DEVICE inline bool isObject(float score, float classNumber, int classes, float confidence) {
  return score > confidence && classNumber >= 0.0F &&
         classNumber < static_cast<float>(classes > 0 ? classes : kMostFinishedClasses);
}

// How many objects there are, of `most` that there is room for, where the network says a number: it may be any.
TRTYOLO_DEVICE inline std::uint32_t objectCount(float said, std::uint32_t most) {
  return said >= static_cast<float>(most) ? most : said > 0.0F ? static_cast<std::uint32_t>(said) : 0;
}

}  // namespace trtyolo
