// Which of one kind belongs to which of another, so that all of them together are nearest.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace trtyolo {

/// Distances of each row to each column, row after row.
struct CostMatrix {
  std::size_t rows = 0, columns = 0;
  std::vector<float> values;

  CostMatrix(std::size_t rowCount, std::size_t columnCount)
      : rows(rowCount), columns(columnCount), values(rowCount * columnCount) {}
  float& at(std::size_t row, std::size_t column) { return values[row * columns + column]; }
  float at(std::size_t row, std::size_t column) const { return values[row * columns + column]; }
};

/// Pairs of rows and columns, by rising row.
using Pairs = std::vector<std::pair<std::size_t, std::size_t>>;

/// The pairs whose sum of costs is least, where a row and a column that stay alone cost half of `limit` each: no pair
/// costs `limit` or more. Which of several best assignments is not said. Costs that are NaN make no pair.
Pairs assign(const CostMatrix& costs, float limit);

}  // namespace trtyolo
