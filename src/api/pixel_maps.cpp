// Maps of classes and of depth: their masks and their range.
#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

#include "trtyolo/results.hpp"

namespace trtyolo {

Masks ClassMap::masks(const std::vector<int>& classes) const {
  Masks masks(width, height);
  const std::size_t columns = static_cast<std::size_t>(width), pixels = columns * static_cast<std::size_t>(height);
  if (data.size() != pixels) {
    throw std::invalid_argument("a map of " + std::to_string(width) + " x " + std::to_string(height) + " classes has " +
                                std::to_string(data.size()) + " elements");
  }
  constexpr std::size_t kValues = 65536;
  std::vector<std::size_t> place(kValues, classes.size());  // in `classes`, of a value; their end: not in it
  for (std::size_t i = 0; i < classes.size(); ++i) {
    if (const int value = valueOf(classes[i]); value >= 0 && value < static_cast<int>(kValues)) {
      place[static_cast<std::size_t>(value)] = i;
    }
  }
  std::vector<std::vector<Masks::Run>> runs(classes.size());
  std::size_t rowEnd = 0;
  for (std::size_t begin = 0, end = 0; begin < pixels; begin = end) {
    rowEnd += begin == rowEnd ? columns : 0;
    end = begin + 1;
    while (end < rowEnd && data[end] == data[begin]) {
      ++end;
    }
    if (const std::size_t i = place[data[begin]]; i < runs.size()) {
      runs[i].push_back({static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)});
    }
  }
  for (const std::vector<Masks::Run>& each : runs) {
    masks.add(each);
  }
  return masks;
}

DepthMap::Range DepthMap::range() const {
  std::vector<float> valid;
  valid.reserve(data.size());
  std::copy_if(data.begin(), data.end(), std::back_inserter(valid),
               [](float metres) { return metres > 0 && std::isfinite(metres); });
  if (valid.empty()) {
    return {};
  }
  const auto middle = valid.begin() + static_cast<std::ptrdiff_t>((valid.size() - 1) / 2);
  std::nth_element(valid.begin(), middle, valid.end());
  // What lies before and behind the median is sorted that far.
  return {*std::min_element(valid.begin(), middle + 1), *middle, *std::max_element(middle, valid.end())};
}

}  // namespace trtyolo
