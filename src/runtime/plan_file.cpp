#include "runtime/plan_file.hpp"

#include <array>
#include <cstdint>
#include <limits>
#include <utility>

#include "base/files.hpp"
#include "trtyolo.hpp"

namespace trtyolo {
namespace {

constexpr std::size_t kLengthBytes = 4;

std::size_t littleEndian(std::string_view bytes) {
  std::size_t value = 0;
  for (std::size_t i = kLengthBytes; i-- > 0;) {
    value = value << 8 | static_cast<unsigned char>(bytes[i]);
  }
  return value;
}

}  // namespace

PlanFile parsePlanFile(const std::string& path, std::string_view bytes) {
  if (bytes.size() <= kLengthBytes || bytes[kLengthBytes] != '{') {
    return {{}, bytes};
  }
  const std::size_t length = littleEndian(bytes);
  std::optional<Metadata> metadata;
  if (length <= bytes.size() - kLengthBytes) {
    metadata = parseMetadataJson(bytes.substr(kLengthBytes, length));
  }
  if (!metadata) {
    throw ModelError("'" + path + "': a TensorRT engine behind " + std::to_string(length) +
                     " bytes of JSON was expected, but they are not that: damaged or incomplete");
  }
  return {std::move(*metadata), bytes.substr(kLengthBytes + length)};
}

void writePlanFile(const std::string& path, const PlanFile& file) {
  const std::string json = metadataJson(file.metadata);
  if (json.size() > std::numeric_limits<std::uint32_t>::max()) {
    throw ModelError("'" + path + "': the engine cannot be written: its metadata has " + std::to_string(json.size()) +
                     " bytes, and a length of 4 bytes stands before it");
  }
  std::array<char, kLengthBytes> length{};
  for (std::size_t i = 0; i < kLengthBytes; ++i) {
    length[i] = static_cast<char>(json.size() >> (8 * i) & 0xFF);
  }
  if (const auto error = writeFile(path, {{length.data(), length.size()}, json, file.plan})) {
    throw ModelError("'" + path + "': the engine cannot be written: " + error.message());
  }
}

}  // namespace trtyolo
