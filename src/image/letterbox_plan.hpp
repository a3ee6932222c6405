// What the letterbox works out once for a geometry: from where and with which weights every pixel is made.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "image/geometry.hpp"
#include "image/resize_arithmetic.hpp"
#include "image/rows.hpp"

namespace trtyolo {

inline constexpr std::size_t kWords = 4;  // 16-bit words of a pixel between the passes: three channels, one unused
inline constexpr std::size_t kStagedBytes = 8;   // bytes of a staged pixel: the two source pixels that it lies between
inline constexpr std::size_t kSlotMultiple = 8;  // pixels of the longest vector (64 bytes)

// Columns of the scaled image. Their pixels lie in slots: those of even number first, then those of odd number.
struct ColumnPlan {
  int channels = 0;
  std::size_t width = 0;  // pixels
  std::size_t half = 0;   // slots of the even pixels, and as many of the odd ones; a multiple of kSlotMultiple
  std::size_t whole = 0;  // how many pixels, from the left, find all their kStagedBytes (2 in grey images) in the row
  bool picks = false;     // every pixel is its left source pixel
  std::vector<std::uint32_t> offsets;                  // of a pixel: its left source pixel, in bytes
  hwy::AlignedFreeUniquePtr<std::uint16_t[]> weight0;  // of a slot: kWords equal weights of the left source pixel
  hwy::AlignedFreeUniquePtr<std::uint16_t[]> weight1;  // and of the right one: 11 bits of fraction, times 16

  // For a 128-bit block of two staged pixels: which of its bytes goes to each byte of their words, 128 for none. Taps
  // go to the high halves of words; tap0 is the left source pixel, tap1 the right one.
  alignas(16) std::array<std::uint8_t, 16> tap0{};
  alignas(16) std::array<std::uint8_t, 16> tap1{};

  ColumnPlan() = default;
  ColumnPlan(int sourceWidth, int scaledWidth, int channels);

  std::size_t slots() const { return 2 * half; }
  std::size_t slotOf(std::size_t x) const { return x % 2 * half + x / 2; }
};

std::vector<RowTaps> planRows(int sourceHeight, int scaledHeight);

// What a row of the output is made of: two filtered rows and their weights.
struct RowBlend {
  const std::uint16_t* row0 = nullptr;
  const std::uint16_t* row1 = nullptr;
  std::uint16_t weight0 = 0;
  std::uint16_t weight1 = 0;
};

}  // namespace trtyolo
