// The sums of which the center crop's kernel makes pixels. Also plain C++, so that tests can run it without a GPU.
#pragma once

#include <cstdint>

#include "base/device_function.hpp"
#include "image/center_crop_windows.hpp"
#include "image/cuda/crop_table.hpp"
#include "image/cuda/pixel_bytes.hpp"

namespace trtyolo::cuda {

// The weighted sum of pixels of kUsed channels, 1 or 3.
template <int kUsed>
struct CropSum {
  std::uint32_t channels[kUsed];

  TRTYOLO_DEVICE void clear() {
    for (std::uint32_t& channel : channels) {
      channel = kCropHalf;
    }
  }

  // One channel stands for all three.
  TRTYOLO_DEVICE Pixel pixel() const {
    Pixel pixel = toCropByte(channels[0]);
    for (int channel = 1; channel < 3; ++channel) {
      pixel |= std::uint32_t{toCropByte(channels[kUsed == 1 ? 0 : channel])} << (8 * channel);
    }
    return pixel;
  }

  TRTYOLO_DEVICE void add(Pixel pixel, std::int32_t weight) {
    for (int channel = 0; channel < kUsed; ++channel) {
      channels[channel] += channelOf(pixel, channel) * static_cast<std::uint32_t>(weight);
    }
  }
};

// Stands for the number of channels of images that are not interleaved bytes.
inline constexpr int kConverted = 0;

// How many channels of an image count.
template <int kChannels>
inline constexpr int kUsedChannels = kChannels == 1 ? 1 : 3;

// kCropGroup neighbouring pixels of a row.
template <int kChannels>
using GroupBytes = LoadedBytes<kCropGroup * kChannels>;

// Whether a group is read by words, which stays within the row, wherever in memory that begins. `first` is the byte of
// the row where the group begins.
template <int kChannels>
TRTYOLO_DEVICE inline bool readsGroupByWords(int first, int rowBytes) {
  return first >= kWordSlack && first + kCropGroup * kChannels + kWordSlack <= rowBytes;
}

// What of the group lies in the row; the rest, which has no weight, is not read.
template <int kChannels, bool kWords>
TRTYOLO_DEVICE inline GroupBytes<kChannels> loadGroup(const std::uint8_t* row, int first, int rowBytes) {
  return loadBytes<kCropGroup * kChannels, kWords>(row + first, kWords ? kCropGroup * kChannels : rowBytes - first);
}

template <int kChannels>
TRTYOLO_DEVICE inline void addGroup(CropSum<kUsedChannels<kChannels>>& sum, const GroupBytes<kChannels>& bytes,
                                    const std::int32_t* weights) {
  for (int tap = 0; tap < kCropGroup; ++tap) {
    for (int channel = 0; channel < kUsedChannels<kChannels>; ++channel) {
      sum.channels[channel] += bytes.byte(tap * kChannels + channel) * static_cast<std::uint32_t>(weights[tap]);
    }
  }
}

// Adds one pixel of the image, at `from`.
template <int kChannels>
TRTYOLO_DEVICE inline void addImagePixel(CropSum<kUsedChannels<kChannels>>& sum, const std::uint8_t* from,
                                         std::int32_t weight) {
  for (int channel = 0; channel < kUsedChannels<kChannels>; ++channel) {
    sum.channels[channel] += loadByte(from + channel) * static_cast<std::uint32_t>(weight);
  }
}

}  // namespace trtyolo::cuda
