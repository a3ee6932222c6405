// The table from which the center crop's kernel works: the windows of the columns and rows of one geometry. The host
// fills it, since it takes much double precision. Also plain C++, so that tests can run without a GPU.
//
// It is an array of 32-bit integers: verticalFirst, columnTaps, rowTaps, nothing; first and count of each column; first
// and count of each row; weights of the columns, tap by tap (those of the first tap of all columns, then of the second
// ...); weights of the rows, row by row. Columns and rows are those of the network's input. What a window has less than
// columnTaps or rowTaps, the longest there are, is made up with weights of 0.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/device_function.hpp"
#include "image/center_crop_windows.hpp"
#include "image/geometry.hpp"

namespace trtyolo::cuda {

// Columns are weighted in groups of so many taps.
inline constexpr int kCropGroup = 4;

// A table, to be read.
struct CropTable {
  bool verticalFirst;
  int columnTaps;  // a multiple of kCropGroup
  int rowTaps;
  const std::int32_t* columnFirst;
  const std::int32_t* columnCount;
  const std::int32_t* rowFirst;
  const std::int32_t* rowCount;
  const std::int32_t* columnWeights;
  const std::int32_t* rowWeights;
};

TRTYOLO_DEVICE inline CropTable cropTableAt(const void* memory, Size network) {
  const auto* const header = static_cast<const std::int32_t*>(memory);
  CropTable table{};
  table.verticalFirst = header[0] != 0;
  table.columnTaps = header[1];
  table.rowTaps = header[2];
  table.columnFirst = header + 4;
  table.columnCount = table.columnFirst + network.width;
  table.rowFirst = table.columnCount + network.width;
  table.rowCount = table.rowFirst + network.height;
  table.columnWeights = table.rowCount + network.height;
  table.rowWeights = table.columnWeights + static_cast<std::ptrdiff_t>(table.columnTaps) * network.width;
  return table;
}

namespace detail {

// No window of the side is longer: twice the reach, one more for where it lies between the pixels.
inline std::size_t longestWindow(const CropSide& side) {
  const double reach = std::max(side.scale(), 1.0);
  return static_cast<std::size_t>(std::min(std::ceil(2 * reach) + 1, static_cast<double>(side.source)));
}

}  // namespace detail

// The bytes that the table of such an image takes, a multiple of 16: about 4 bytes for each of the network's columns
// and rows times 2 * scale + 2, where scale is how many pixels of the image make one of the network. For a network of
// 224 x 224: 24 kB for 1920 x 1080, 43 kB for 3840 x 2160, 270 kB for 16384 x 16384.
inline std::size_t cropTableBytes(Size image, Size network) {
  const CropSides sides = cropSides(image, network);
  const auto width = static_cast<std::size_t>(network.width);
  const auto height = static_cast<std::size_t>(network.height);
  const std::size_t integers = 4 + 2 * (width + height) +
                               roundUp(detail::longestWindow(sides.columns), kCropGroup) * width +
                               detail::longestWindow(sides.rows) * height;
  return roundUp(integers * sizeof(std::int32_t), 16);
}

// Rows of an image: `first` to `end` - 1.
struct RowRange {
  int first = 0;
  int end = 0;
};

// Writes the table into `memory`, cropTableBytes(image, network) bytes that are aligned to 4, and returns the rows of
// the image that the crop reads. Takes time in proportion to the table's size: keep it for images of equal size.
inline RowRange fillCropTable(Size image, Size network, void* memory) {
  const CropSides sides = cropSides(image, network);
  const std::vector<CropWindow> columns = cropWindows(sides.columns);
  const std::vector<CropWindow> rows = cropWindows(sides.rows);
  const std::size_t columnTaps = roundUp(longestOf(columns), kCropGroup), rowTaps = longestOf(rows);

  auto* to = static_cast<std::int32_t*>(memory);
  *to++ = sides.verticalFirst() ? 1 : 0;
  *to++ = static_cast<std::int32_t>(columnTaps);
  *to++ = static_cast<std::int32_t>(rowTaps);
  *to++ = 0;
  for (const std::vector<CropWindow>* const windows : {&columns, &rows}) {
    to = std::transform(windows->begin(), windows->end(), to, [](const CropWindow& window) { return window.first; });
    to = std::transform(windows->begin(), windows->end(), to,
                        [](const CropWindow& window) { return static_cast<std::int32_t>(window.weights.size()); });
  }
  for (std::size_t tap = 0; tap < columnTaps; ++tap) {
    to = std::transform(columns.begin(), columns.end(), to, [tap](const CropWindow& column) {
      return tap < column.weights.size() ? column.weights[tap] : 0;
    });
  }
  for (const CropWindow& row : rows) {
    to = std::copy(row.weights.begin(), row.weights.end(), to);
    to = std::fill_n(to, rowTaps - row.weights.size(), 0);
  }
  return {rows.front().first, rows.back().first + static_cast<int>(rows.back().weights.size())};
}

}  // namespace trtyolo::cuda
