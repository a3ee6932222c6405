// SHA-256 (FIPS 180-4). The library has no dependency that brings it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace trtyolo {

// The hash of all that is added, in order. One thread at a time.
class Sha256 {
 public:
  void add(std::string_view bytes);
  // 64 hexadecimal digits: of what has been added until now. More can be added afterwards.
  std::string text() const;

 private:
  static constexpr std::size_t kBlock = 64;

  void takeBlock(const unsigned char* block);

  std::array<std::uint32_t, 8> state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<unsigned char, kBlock> rest_{};  // what has not filled a block yet
  std::uint64_t bytes_ = 0;
};

}  // namespace trtyolo
