// How much two axis-aligned boxes overlap, for every device.
#pragma once

#include "base/device_function.hpp"
#include "base/extremes.hpp"
#include "trtyolo.hpp"

namespace trtyolo {

inline constexpr float kClassShift = 7680.0F;  // Ultralytics' max_wh: how far apart it moves the classes

// A box moved by its class, so that boxes of different classes do not meet. The shift costs bits, and what is
// suppressed at a threshold's edge depends on it.
struct ShiftedBox {
  float left, top, right, bottom, area;
  int classIndex;  // 0 where classes do not count
};

TRTYOLO_DEVICE inline ShiftedBox shifted(const Box& box, int classIndex, bool agnostic) {
  const float shift = agnostic ? 0.0F : static_cast<float>(classIndex) * kClassShift;
  ShiftedBox result{box.left + shift,         box.top + shift, box.right + shift, box.bottom + shift, 0.0F,
                    agnostic ? 0 : classIndex};
  result.area = (result.right - result.left) * (result.bottom - result.top);
  return result;
}

TRTYOLO_DEVICE inline float intersectionOf(const ShiftedBox& a, const ShiftedBox& b) {
  const float width = larger(0.0F, smaller(a.right, b.right) - larger(a.left, b.left));
  const float height = larger(0.0F, smaller(a.bottom, b.bottom) - larger(a.top, b.top));
  return width * height;
}

// Of an intersection of 0 or NaN this is not above 0.
TRTYOLO_DEVICE inline float intersectionOverUnion(float intersection, const ShiftedBox& a, const ShiftedBox& b) {
  return intersection / (a.area + b.area - intersection);
}

}  // namespace trtyolo
