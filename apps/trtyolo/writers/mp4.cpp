// What is in an MP4 file: see mp4.hpp.
#include "writers/mp4.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <optional>
#include <string_view>

namespace app {
namespace {

/// A part of the file: a box's content.
struct Extent {
  std::uint64_t begin, end;
};

std::optional<std::uint64_t> numberAt(std::ifstream& file, std::uint64_t position, std::size_t bytes) {
  std::array<unsigned char, sizeof(std::uint64_t)> read{};
  file.clear();
  file.seekg(static_cast<std::streamoff>(position));
  if (!file.read(reinterpret_cast<char*>(read.data()), static_cast<std::streamsize>(bytes))) return std::nullopt;
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < bytes; ++i) number = (number << 8U) + read[i];
  return number;
}

/// The content of the first box of this kind among those that stand side by side in `in`; all of them must be whole.
std::optional<Extent> boxIn(std::ifstream& file, Extent in, std::string_view kind) {
  constexpr std::uint64_t kHead = 8, kLongHead = 16;
  std::optional<Extent> found;
  std::uint64_t wanted = 0;
  for (const char letter : kind) wanted = (wanted << 8U) + static_cast<unsigned char>(letter);
  for (std::uint64_t at = in.begin; at < in.end;) {
    auto size = numberAt(file, at, 4);
    const auto type = numberAt(file, at + 4, 4);
    const std::uint64_t head = size == 1U ? kLongHead : kHead;
    if (size == 1U) size = numberAt(file, at + kHead, sizeof(std::uint64_t));
    if (!size || !type || *size < head || *size > in.end - at) return std::nullopt;
    if (type == wanted && !found) found = Extent{at + head, at + *size};
    at += *size;
  }
  return found;
}

}  // namespace

long framesInMp4(const std::string& file) {
  std::ifstream stream(file, std::ios::binary | std::ios::ate);
  const std::streamoff size = stream.tellg();
  if (size <= 0) return 0;
  std::optional<Extent> box = Extent{0, static_cast<std::uint64_t>(size)};
  for (const char* kind : {"moov", "trak", "mdia", "minf", "stbl", "stsz"}) {
    box = boxIn(stream, *box, kind);
    if (!box) return 0;
  }
  constexpr std::uint64_t kBefore = 8;  // version, flags, the size of all if they have one
  return static_cast<long>(numberAt(stream, box->begin + kBefore, 4).value_or(0));
}

}  // namespace app
