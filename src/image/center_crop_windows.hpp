// From where and with which weights the center crop makes its rows and columns, and how sums of them become bytes.
// Equal to Pillow's bilinear resampling to the bit; shared by every device.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/device_function.hpp"
#include "image/geometry.hpp"

namespace trtyolo {

inline constexpr int kCropWeightBits = 22;  // of fraction

// What a sum of weighted bytes begins with, so that it is rounded.
inline constexpr std::uint32_t kCropHalf = std::uint32_t{1} << (kCropWeightBits - 1);

TRTYOLO_DEVICE inline std::uint8_t toCropByte(std::uint32_t sum) {
  const std::uint32_t byte = sum >> kCropWeightBits;
  return static_cast<std::uint8_t>(byte < 255 ? byte : 255);
}

// One side of the scaled image, of which the crop keeps as many pixels as the network has. The scaled side can be far
// longer than any image in memory.
struct CropSide {
  int source = 0;
  std::int64_t scaled = 0;
  int kept = 0;
  bool operator==(const CropSide&) const = default;

  // torchvision's CenterCrop: half of what is left over, halves rounded to even.
  std::int64_t first() const {
    const std::int64_t rest = scaled - kept;
    return rest / 2 + (rest % 2 != 0 && rest / 2 % 2 != 0 ? 1 : 0);
  }

  // Pixels of the source for one pixel of the scaled side.
  double scale() const { return static_cast<double>(source) / static_cast<double>(scaled); }
};

struct CropSides {
  CropSide columns;
  CropSide rows;
  bool operator==(const CropSides&) const = default;

  // Each pass rounds to 8 bits, so their order shows. Pillow (since version 13; before, the horizontal pass always came
  // first) begins with the rows where they become fewer, and that by more than twice as many as the columns do.
  bool verticalFirst() const {
    const std::int64_t rowsLess = rows.source - rows.scaled;
    const std::int64_t columnsLess = columns.source - columns.scaled;
    return rowsLess > 0 && rowsLess > 2 * columnsLess;
  }
};

CropSides cropSides(Size image, Size network);

// The source pixels that a pixel of the scaled side is made of, and their weights.
struct CropWindow {
  int first = 0;
  std::vector<std::int32_t> weights;
};

// Windows of the kept pixels of a side, as Pillow's bilinear resampling has them: a triangle, as wide as two pixels of
// whichever side is coarser, cut off at the image's border; weights of kCropWeightBits. Windows go forward only.
std::vector<CropWindow> cropWindows(const CropSide& side);

// The most weights that one of them has.
std::size_t longestOf(const std::vector<CropWindow>& windows);

// The vertical pass: the weighted sums of `bytes` bytes of the window's rows, one pointer for each weight.
void blendWindow(const std::uint8_t* const* rows, const CropWindow& window, std::size_t bytes, std::uint8_t* blended);

}  // namespace trtyolo
