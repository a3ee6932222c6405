// One pixel of the letterboxed image, as the kernel makes it. Also plain C++, so that tests can run it without a GPU.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/device_function.hpp"
#include "image/cuda/pixel_bytes.hpp"
#include "image/resize_arithmetic.hpp"

namespace trtyolo::cuda {

// The bytes of a row that a column is made of.
using TapBytes = LoadedBytes<8>;

// How many bytes of a row, from the column's first one on, are made into its pixels.
template <int kChannels>
TRTYOLO_DEVICE inline int bytesOfColumn(ColumnTaps column) {
  constexpr int kUsed = kChannels == 1 ? 1 : 3;
  return column.weight1 != 0 ? kChannels + kUsed : kUsed;
}

// Whether reading them by words stays within the row, wherever in memory it begins.
template <int kChannels>
TRTYOLO_DEVICE inline bool readsWords(ColumnTaps column, int sourceWidth) {
  const int first = column.left * kChannels;
  return first >= kWordSlack && first + bytesOfColumn<kChannels>(column) + kWordSlack <= sourceWidth * kChannels;
}

template <int kChannels, bool kWords>
TRTYOLO_DEVICE inline TapBytes loadTaps(const std::uint8_t* row, ColumnTaps column) {
  return loadBytes<8, kWords>(row + static_cast<std::ptrdiff_t>(column.left) * kChannels,
                              bytesOfColumn<kChannels>(column));
}

// One channel of a column of one row, after the horizontal pass.
template <int kChannels>
TRTYOLO_DEVICE inline std::uint32_t filterTaps(const TapBytes& bytes, int channel, ColumnTaps column) {
  return filterBytes(bytes.byte(channel), bytes.byte(channel + kChannels), column);
}

// `bytes0` and `bytes1` are the column's bytes (loadTaps) of the two rows; bytes1 plays no part where the rows are one.
template <int kChannels>
TRTYOLO_DEVICE inline Pixel pixelOf(const TapBytes& bytes0, const TapBytes& bytes1, ColumnTaps column, RowTaps row) {
  Pixel pixel = 0;
  for (int channel = 0; channel < (kChannels == 1 ? 1 : 3); ++channel) {
    const std::uint32_t filtered0 = filterTaps<kChannels>(bytes0, channel, column);
    const std::uint32_t filtered1 =
        row.source1 != row.source0 ? filterTaps<kChannels>(bytes1, channel, column) : filtered0;
    pixel |= blendFiltered(filtered0, filtered1, row.weight0, row.weight1) << (8 * channel);
  }
  if constexpr (kChannels == 1) {
    pixel |= pixel << 8 | pixel << 16;
  }
  return pixel;
}

}  // namespace trtyolo::cuda
