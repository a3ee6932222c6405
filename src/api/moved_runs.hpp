// Masks of parts of an image as masks of the image.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "trtyolo/results.hpp"

namespace trtyolo {

// The runs of mask `i` of a part that lies upright at (x, y), as runs of an image of this width.
inline std::vector<Masks::Run> movedRuns(const Masks& masks, std::size_t i, int x, int y, int imageWidth) {
  const auto width = static_cast<std::uint32_t>(masks.width());
  std::vector<Masks::Run> runs(masks.runs(i), masks.runs(i) + masks.runCount(i));
  for (Masks::Run& run : runs) {
    const std::uint32_t length = run.end - run.begin;
    run.begin = (run.begin / width + static_cast<std::uint32_t>(y)) * static_cast<std::uint32_t>(imageWidth) +
                run.begin % width + static_cast<std::uint32_t>(x);
    run.end = run.begin + length;
  }
  return runs;
}

}  // namespace trtyolo
