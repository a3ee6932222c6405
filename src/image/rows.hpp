// What the letterbox and the center crop share: the rows that they write, and memory for tables and rows between.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <new>

#include "hwy/aligned_allocator.h"
#include "image/letterbox.hpp"

namespace trtyolo {

// Where the three channels of a row go, in the order of the source's channels.
struct PlaneRows {
  std::array<float*, 3> rows{};
  std::array<float, 3> mean{};
  std::array<float, 3> std{};
  bool plain;  // see Normalization

  // The first rows of three planes of `area` floats each, without gaps.
  PlaneRows(float* planes, std::size_t area, const Normalization& normalization) : plain(normalization.plain()) {
    for (std::size_t channel = 0; channel < 3; ++channel) {
      const std::size_t number = normalization.swapRB ? 2 - channel : channel;
      rows[channel] = planes + number * area;
      mean[channel] = normalization.mean[number];
      std[channel] = normalization.std[number];
    }
  }

  void advance(std::size_t floats) {
    for (float*& row : rows) {
      row += floats;
    }
  }
};

template <class T>
hwy::AlignedFreeUniquePtr<T[]> allocateZeros(std::size_t count) {
  auto memory = hwy::AllocateAligned<T>(count);
  if (!memory) {
    throw std::bad_alloc();
  }
  std::fill_n(memory.get(), count, T{0});
  return memory;
}

}  // namespace trtyolo
