// A hash that tells contents of files apart.
#pragma once

#include <string>
#include <string_view>

#include "base/sha256.hpp"

namespace trtyolo {

// SHA-256 of parts, each behind its length in eight bytes: the same bytes parted elsewhere are something else, and
// nobody can make two that are alike. One thread at a time.
class Fingerprint {
 public:
  void add(std::string_view part);
  // The content of a file as a part, without holding it in memory. False if it is no regular file or cannot be read to
  // its end; the fingerprint is of no use then.
  bool addFile(const std::string& path);
  std::string text() const { return hash_.text(); }  // 64 hexadecimal digits

 private:
  void addLength(std::uint64_t length);

  Sha256 hash_;
};

}  // namespace trtyolo
