#include "base/fingerprint.hpp"

#include "base/files.hpp"
#include "base/little_endian.hpp"

namespace trtyolo {

void Fingerprint::addLength(std::uint64_t length) {
  hash_.add(littleEndianBytes(length, sizeof(length)));
}

void Fingerprint::add(std::string_view part) {
  addLength(part.size());
  hash_.add(part);
}

bool Fingerprint::addFile(const std::string& path) {
  FileReader reader(path);
  if (!reader.error().empty()) {
    return false;
  }
  addLength(reader.size());
  std::string piece;
  while (reader.next(piece)) {
    hash_.add(piece);
  }
  return reader.error().empty();
}

}  // namespace trtyolo
