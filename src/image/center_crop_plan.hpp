// What the center crop works out once for a geometry: from where and with which weights every pixel is made.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "image/center_crop_windows.hpp"
#include "image/rows.hpp"

namespace trtyolo {

inline constexpr int kCropLowBits = 15;           // of a weight in its low digit
inline constexpr std::size_t kCropRows = 2;       // source rows filtered at once
inline constexpr std::size_t kCropTaps = 4;       // source pixels that are weighted at once: a group
inline constexpr std::size_t kCropLoad = 16;      // bytes read for a group, from its first pixel on
inline constexpr std::size_t kCropPixel = 4;      // bytes of a pixel between the passes: three channels, one unused
inline constexpr std::size_t kCropMultiple = 64;  // bytes; rows between the passes are padded to it

// Columns of the scaled image that the crop keeps. Each is the weighted sum of the same number of groups of source
// pixels; those past its share of the row have no weight.
struct CropColumns {
  std::size_t channels = 0;
  std::size_t width = 0;
  std::size_t groups = 0;
  std::vector<std::uint32_t> offsets;  // of a column: its first source pixel, in bytes; never falling

  // Of a group: taps 0 and 1, taps 2 and 3 (the first in the lower half of a word) as low digits, then as high digits.
  hwy::AlignedFreeUniquePtr<std::uint32_t[]> weights;

  // So many columns, from the left, find all they read in the row. The others find it in a copy of the row's end, or a
  // blend of several rows' ends, that begins at tailStart (bytes) and is padded to tailBytes.
  std::size_t whole = 0;
  std::size_t tailStart = 0;
  std::size_t tailBytes = 0;

  // For the bytes of a group: which of them goes to each byte of the 16-bit words (channel 0 of both taps, channel 1 of
  // both, ...), 128 for none; once for taps 0 and 1, once for taps 2 and 3.
  alignas(16) std::array<std::uint8_t, 16> taps01{};
  alignas(16) std::array<std::uint8_t, 16> taps23{};

  std::size_t span() const { return (groups - 1) * kCropTaps * channels + kCropLoad; }  // bytes read for a column
};

// Rows that are filtered, and where their filtered pixels go (kCropPixel bytes each). No rows are needed where no
// column is whole.
struct CropSources {
  std::array<const std::uint8_t*, kCropRows> rows{};
  std::array<const std::uint8_t*, kCropRows> tails{};
  std::array<std::uint8_t*, kCropRows> filtered{};
};

}  // namespace trtyolo
