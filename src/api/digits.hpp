// Numbers as text, with a point whatever the locale is.
#pragma once

#include <array>
#include <charconv>
#include <string>

namespace trtyolo {

// What std::to_chars writes of a number; without `format`, a float has the fewest digits that stand for it.
template <typename Number, typename... Format>
std::string digitsOf(Number number, Format... format) {
  std::array<char, 64> text{};
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), number, format...).ptr};
}

}  // namespace trtyolo
