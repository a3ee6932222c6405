// Text for terminals and for files of text: see printable.hpp.
#include "terminal/printable.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace app {
namespace {

/// A letter of UTF-8: its number and how many bytes it has; no bytes where there is none.
struct Letter {
  std::uint32_t number = 0;
  std::size_t bytes = 0;
};

Letter letterAt(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  if (first < 0x80U) return {first, 1};
  const std::size_t bytes = first >= 0xF0U ? 4 : first >= 0xE0U ? 3 : 2;
  if (first < 0xC2U || first > 0xF4U || text.size() < bytes) return {};
  std::uint32_t number = first & (0x7FU >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xC0U) != 0x80U) return {};
    number = (number << 6U) + (next & 0x3FU);
  }
  constexpr std::uint32_t kLeastOf3 = 0x800, kLeastOf4 = 0x10000, kMost = 0x10FFFF;
  const bool tooLong = (bytes == 3 && number < kLeastOf3) || (bytes == 4 && number < kLeastOf4);
  const bool surrogate = number >= 0xD800U && number < 0xE000U;
  if (tooLong || surrogate || number > kMost) return {};
  return {number, bytes};
}

bool steers(std::uint32_t number) {
  const bool control = number < 0x20U || (number >= 0x7FU && number < 0xA0U);
  const bool turns = (number >= 0x202AU && number <= 0x202EU) || (number >= 0x2066U && number <= 0x2069U);
  return (control && number != '\n' && number != '\t') || turns;
}

std::string writtenOut(std::uint32_t number) {
  constexpr const char* kDigits = "0123456789abcdef";
  std::string text = number > 0xFFU ? "\\u" : "\\x";
  for (unsigned shift = number > 0xFFU ? 16 : 8; shift > 0;) {
    shift -= 4;
    text += kDigits[(number >> shift) & 0xFU];
  }
  return text;
}

/// The text with what the functions give in place of letters (nothing: as it is) and of bytes that are none.
std::string rewritten(std::string_view text, const std::function<std::string(std::uint32_t)>& letter,
                      const std::function<std::string(unsigned char)>& byte) {
  std::string shown;
  shown.reserve(text.size());
  while (!text.empty()) {
    const Letter next = letterAt(text);
    const std::size_t bytes = std::max<std::size_t>(next.bytes, 1);
    const std::string instead = next.bytes > 0 ? letter(next.number) : byte(static_cast<unsigned char>(text.front()));
    shown += instead.empty() ? text.substr(0, bytes) : instead;
    text.remove_prefix(bytes);
  }
  return shown;
}

std::string nothing(std::uint32_t) {
  return "";
}

}  // namespace

std::string printable(std::string_view text) {
  return rewritten(
      text, [](std::uint32_t number) { return steers(number) ? writtenOut(number) : ""; }, writtenOut);
}

std::string oneLine(std::string_view text) {
  std::string shown = printable(text);
  for (std::size_t at = 0; (at = shown.find('\n', at)) != std::string::npos;) shown.replace(at, 1, "\\n");
  return shown;
}

std::string validUtf8(std::string_view text) {
  return rewritten(text, nothing, [](unsigned char) { return "\xEF\xBF\xBD"; });
}

}  // namespace app
