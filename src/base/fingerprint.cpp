#include "base/fingerprint.hpp"

#include "base/files.hpp"

namespace trtyolo {

void Fingerprint::addLength(std::uint64_t length) {
  std::string bytes;
  for (unsigned shift = 0; shift < 64; shift += 8) {
    bytes += static_cast<char>(length >> shift & 0xFFU);
  }
  hash_.add(bytes);
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
