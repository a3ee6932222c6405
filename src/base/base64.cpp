#include "base/base64.hpp"

#include <array>
#include <cstddef>
#include <utility>

namespace trtyolo {
namespace {

constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::size_t kBytes = 3, kLetters = 4;  // of a group
constexpr std::uint8_t kNoDigit = 255;

// What each letter stands for.
constexpr std::array<std::uint8_t, 256> kValues = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(kNoDigit);
  for (std::size_t digit = 0; digit < kDigits.size(); ++digit) {
    values[static_cast<unsigned char>(kDigits[digit])] = static_cast<std::uint8_t>(digit);
  }
  return values;
}();

}  // namespace

std::string base64Of(std::span<const std::uint8_t> bytes) {
  std::string text;
  text.reserve((bytes.size() + kBytes - 1) / kBytes * kLetters);
  for (std::size_t begin = 0; begin < bytes.size(); begin += kBytes) {
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < kBytes; ++i) {
      group = group << 8U | (begin + i < bytes.size() ? bytes[begin + i] : 0U);
    }
    for (std::size_t i = 0; i < kLetters; ++i) {
      text += begin + i <= bytes.size() ? kDigits[group >> (18U - 6U * i) & 63U] : '=';
    }
  }
  return text;
}

std::optional<std::vector<std::uint8_t>> bytesOfBase64(std::string_view text) {
  if (text.size() % kLetters != 0) {
    return std::nullopt;
  }
  std::size_t padding = 0;
  while (padding < 2 && text.ends_with('=')) {
    text.remove_suffix(1);
    ++padding;
  }
  std::vector<std::uint8_t> bytes;
  bytes.reserve(text.size() / kLetters * kBytes + kBytes);
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char letter : text) {
    const std::uint8_t digit = kValues[static_cast<unsigned char>(letter)];
    if (digit == kNoDigit) {
      return std::nullopt;
    }
    bits = bits << 6U | digit;
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes.push_back(static_cast<std::uint8_t>(bits >> count & 0xFFU));
    }
  }
  return (bits & ((1U << count) - 1U)) == 0 ? std::optional(std::move(bytes)) : std::nullopt;
}

}  // namespace trtyolo
