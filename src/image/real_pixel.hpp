// A pixel as Filter::Real makes it, on the CPU and in a kernel.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/device_function.hpp"
#include "image/interpolation.hpp"

namespace trtyolo {

// One channel, 0 to 1, from the two rows of the image that `row` names; before the mean and the deviation. A grey image
// has every channel.
TRTYOLO_DEVICE inline float realPixel(const std::uint8_t* above, const std::uint8_t* below, int channels, int channel,
                                      const LinearTap& column, const LinearTap& row) {
  const int own = channels == 1 ? 0 : channel;
  const auto first = static_cast<std::ptrdiff_t>(column.first) * channels + own;
  const auto second = static_cast<std::ptrdiff_t>(column.second) * channels + own;
  const auto share = [](std::uint8_t byte) { return static_cast<float>(byte) / 255.0F; };
  const float up = column.weight0 * share(above[first]) + column.weight1 * share(above[second]);
  const float down = column.weight0 * share(below[first]) + column.weight1 * share(below[second]);
  return row.weight0 * up + row.weight1 * down;
}

}  // namespace trtyolo
