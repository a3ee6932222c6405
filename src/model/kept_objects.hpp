// Leaves objects out of a result.
#pragma once

#include <cstddef>

#include "trtyolo/results.hpp"

namespace trtyolo {

// Keeps the classes, scores and boxes of those objects for which `keeps`, called once for each in their order, is true.
template <typename Keeps>
void keepObjects(Result& result, const Keeps& keeps) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < result.boxes.size(); ++i) {
    if (keeps(i)) {
      result.classes[kept] = result.classes[i];
      result.scores[kept] = result.scores[i];
      result.boxes[kept] = result.boxes[i];
      ++kept;
    }
  }
  result.classes.resize(kept);
  result.scores.resize(kept);
  result.boxes.resize(kept);
}

}  // namespace trtyolo
