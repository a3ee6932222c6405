// A pixel as Filter::Real makes it, on the CPU and in a kernel.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/device_function.hpp"
#include "image/interpolation.hpp"

namespace trtyolo {

// Of the four bytes that a pixel lies between.
TRTYOLO_DEVICE inline float realBlend(std::uint32_t above0, std::uint32_t above1, std::uint32_t below0,
                                      std::uint32_t below1, const LinearTap& column, const LinearTap& row) {
  const auto share = [](std::uint32_t byte) { return static_cast<float>(byte) / 255.0F; };
  const float up = column.weight0 * share(above0) + column.weight1 * share(above1);
  const float down = column.weight0 * share(below0) + column.weight1 * share(below1);
  return row.weight0 * up + row.weight1 * down;
}

// One channel, 0 to 1, from the two rows of the image that `row` names; before the mean and the deviation. A grey image
// has every channel.
TRTYOLO_DEVICE inline float realPixel(const std::uint8_t* above, const std::uint8_t* below, int channels, int channel,
                                      const LinearTap& column, const LinearTap& row) {
  const int own = channels == 1 ? 0 : channel;
  const auto first = static_cast<std::ptrdiff_t>(column.first) * channels + own;
  const auto second = static_cast<std::ptrdiff_t>(column.second) * channels + own;
  return realBlend(above[first], above[second], below[first], below[second], column, row);
}

}  // namespace trtyolo
