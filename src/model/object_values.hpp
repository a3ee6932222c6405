// What the values of a candidate or an end-to-end object mean, for every device.
#pragma once

#include <cmath>
#include <cstdint>

#include "base/device_function.hpp"
#include "base/exponential.hpp"
#include "trtyolo.hpp"

namespace trtyolo {

inline constexpr int kMostFinishedClasses = 65536;  // of a network that does not say how many it has

// What the four values of a box are.
struct BoxForm {
  enum class Kind : std::uint8_t {
    CenterSize,  // centre x, centre y, width, height
    Corners,     // left, top, right, bottom
    Grid,        // centre and size as YOLOX gives them: from the cell, in cells, and the logarithms of cells
  };
  Kind kind = Kind::CenterSize;
  float unitX = 1, unitY = 1;               // pixels of the network's input to one of x, y
  int networkWidth = 0, networkHeight = 0;  // of a grid: pixels of the network's input
};

// Centre and size of a box in the units of its form.
struct CenterSize {
  float x, y, width, height;
};

// Of anchor `anchor` of the grids of strides 8, 16 and 32, one behind the other, each row by row.
TRTYOLO_DEVICE inline CenterSize boxOnGrid(const BoxForm& form, std::uint32_t anchor, float a, float b, float c,
                                           float d) {
  constexpr int kFinest = 8, kCoarsest = 32;
  auto cell = static_cast<int>(anchor);
  int stride = kFinest, columns = form.networkWidth / kFinest;
  for (int cells = columns * (form.networkHeight / stride); cell >= cells && stride < kCoarsest;
       cells = columns * (form.networkHeight / stride)) {
    cell -= cells;
    stride *= 2;
    columns = form.networkWidth / stride;
  }
  columns = columns > 0 ? columns : 1;  // of a network smaller than its stride
  const int column = cell % columns;
  const int row = cell / columns;
  const auto size = static_cast<float>(stride);
  return {(a + static_cast<float>(column)) * size, (b + static_cast<float>(row)) * size, exponential(c) * size,
          exponential(d) * size};
}

// The corners of a box, in pixels of the network's input.
TRTYOLO_DEVICE inline Box cornersOf(const BoxForm& form, std::uint32_t anchor, float a, float b, float c, float d) {
  if (form.kind == BoxForm::Kind::Corners) {
    return {a * form.unitX, b * form.unitY, c * form.unitX, d * form.unitY};
  }
  const CenterSize box =
      form.kind == BoxForm::Kind::Grid ? boxOnGrid(form, anchor, a, b, c, d) : CenterSize{a, b, c, d};
  const float halfWidth = box.width / 2.0F, halfHeight = box.height / 2.0F;
  return {(box.x - halfWidth) * form.unitX, (box.y - halfHeight) * form.unitY, (box.x + halfWidth) * form.unitX,
          (box.y + halfHeight) * form.unitY};
}

// Centre and size of a rotated box; corners are those that it has before it is rotated.
TRTYOLO_DEVICE inline CenterSize centerSizeOf(const BoxForm& form, float a, float b, float c, float d) {
  return form.kind == BoxForm::Kind::Corners ? CenterSize{(a + c) / 2.0F, (b + d) / 2.0F, c - a, d - b}
                                             : CenterSize{a, b, c, d};
}

// The score that a value of the network means: itself, or its sigmoid.
TRTYOLO_DEVICE inline float scoreOf(float value, bool logits) {
  return logits ? sigmoid(value) : value;
}

// No value up to this one scores above `confidence`: most need not be looked at further.
TRTYOLO_DEVICE inline float leastValueFor(float confidence, bool logits) {
  constexpr float kMargin = 1e-3F;  // far more than rounding
  if (!logits) {
    return confidence;
  }
  return confidence > 0.0F && confidence < 1.0F ? std::log(confidence / (1.0F - confidence)) - kMargin
         : confidence > 0.0F                    ? HUGE_VALF
                                                : -HUGE_VALF;
}

// Whether an end-to-end object is one. A class that the model does not have is no object (nor is a NaN).
TRTYOLO_DEVICE inline bool isObject(float score, float classNumber, int classes, float confidence) {
  return score > confidence && classNumber >= 0.0F &&
         classNumber < static_cast<float>(classes > 0 ? classes : kMostFinishedClasses);
}

// How many objects there are, of `most` that there is room for, where the network says a number: it may be any.
TRTYOLO_DEVICE inline std::uint32_t objectCount(float said, std::uint32_t most) {
  return said >= static_cast<float>(most) ? most : said > 0.0F ? static_cast<std::uint32_t>(said) : 0;
}

}  // namespace trtyolo
