#include "base/fingerprint.hpp"

#include <bit>
#include <cstring>
#include <iomanip>
#include <sstream>

namespace trtyolo {
namespace {

constexpr std::uint64_t kFirst = 0x87c37b91114253d5, kSecond = 0x4cf5ad432745937f;

std::uint64_t mixed(std::uint64_t value) {
  value = (value ^ value >> 33) * 0xff51afd7ed558ccd;
  value = (value ^ value >> 33) * 0xc4ceb9fe1a85ec53;
  return value ^ value >> 33;
}

}  // namespace

void Fingerprint::add(std::string_view part) {
  constexpr std::size_t kBlock = 16;
  for (std::size_t begin = 0;; begin += kBlock) {
    const std::string_view block = part.substr(begin, kBlock);  // the last one is shorter, maybe empty
    std::uint64_t words[2] = {0, 0};
    if (!block.empty()) {
      std::memcpy(words, block.data(), block.size());
    }
    first_ ^= std::rotl(words[0] * kFirst, 31) * kSecond;
    if (block.size() < kBlock) {
      second_ ^= std::rotl(words[1] * kSecond, 33) * kFirst;
      break;
    }
    first_ = (std::rotl(first_, 27) + second_) * 5 + 0x52dce729;
    second_ ^= std::rotl(words[1] * kSecond, 33) * kFirst;
    second_ = (std::rotl(second_, 31) + first_) * 5 + 0x38495ab5;
  }
  first_ ^= part.size();
  second_ ^= part.size();
  first_ += second_;
  second_ += first_;
  first_ = mixed(first_);
  second_ = mixed(second_);
  first_ += second_;
  second_ += first_;
}

std::string Fingerprint::text() const {
  std::ostringstream text;
  text << std::hex << std::setfill('0') << std::setw(16) << first_ << std::setw(16) << second_;
  return text.str();
}

}  // namespace trtyolo
