// A hash that tells contents of files apart.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace trtyolo {

// MurmurHash3 (x64, 128 bits) of one part; of several, each hash is the seed of the next. Not meant to withstand people
// who look for collisions.
class Fingerprint {
 public:
  void add(std::string_view part);
  std::string text() const;  // 32 hexadecimal digits

 private:
  std::uint64_t first_ = 0, second_ = 0;
};

}  // namespace trtyolo
