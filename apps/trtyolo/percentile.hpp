// Percentiles of what was measured.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace app {

/// Linear between ranks, as numpy's percentile is. `values` not empty; `percent` from 0 to 100.
inline double percentile(std::vector<double> values, double percent) {
  std::sort(values.begin(), values.end());
  const double rank = percent / 100 * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(rank);
  const std::size_t above = std::min(below + 1, values.size() - 1);
  return values[below] + (rank - static_cast<double>(below)) * (values[above] - values[below]);
}

}  // namespace app
