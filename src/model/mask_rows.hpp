// The inner loops of the masks, compiled for every SIMD target.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace trtyolo {

// Floats that may be read behind the last value of a row.
inline constexpr std::size_t kRowPadding = 64;

// A row of pixels between two rows of a grid of logits.
struct GridRows {
  const float* above = nullptr;  // `columns` values each, and kRowPadding readable ones behind them
  const float* below = nullptr;
  float down = 0;  // of the way from above to below
  std::size_t columns = 0;
};

// The pixels between the grid's columns.
struct PixelColumns {
  const std::int32_t* first =
      nullptr;          // for each column, and kRowPadding more: the first pixel at or behind its centre
  float firstCell = 0;  // number of the first column in the scaling
  float pixelsPerCell = 1;
  float origin = 0;                 // the pixels' place where the first cell of the scaling begins
  float doubt = 1;                  // see below
  std::int32_t begin = 0, end = 0;  // pixels that are looked at
};

// Finds each two neighbouring columns of which one is above 0 and one is not, by rising column, and gives the first
// pixel behind the left one that has the sign of the right one; in `columns` which columns they were. A pixel that is
// so close to where the straight line crosses 0 that the rounding of its value decides is given as its complement, ~p.
// Returns how many; both arrays have room for row.columns + kRowPadding.
std::size_t findEdges(const GridRows& row, const PixelColumns& pixels, std::int32_t* edges, std::int32_t* columns);

// to[i] += (w0 * a[i] + w1 * b[i]) + (w2 * c[i] + w3 * d[i]), each operation rounded.
void addWeighted(const std::array<const float*, 4>& planes, const std::array<float, 4>& weights, std::size_t count,
                 float* to);

}  // namespace trtyolo
