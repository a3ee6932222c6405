// Numbers in a sentence.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace trtyolo {

// "8, 16 and 32".
inline std::string listed(const std::vector<int>& numbers) {
  std::string text;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    text += (i == 0 ? "" : i + 1 == numbers.size() ? " and " : ", ") + std::to_string(numbers[i]);
  }
  return text;
}

}  // namespace trtyolo
