#include "runtime/plan_file.hpp"

#include <cstdint>
#include <limits>
#include <utility>

#include "base/files.hpp"
#include "base/little_endian.hpp"
#include "trtyolo.hpp"

namespace trtyolo {
namespace {

constexpr std::size_t kLengthBytes = 4;

}  // namespace

PlanFile parsePlanFile(const std::string& path, std::string_view bytes) {
  if (bytes.size() <= kLengthBytes || bytes[kLengthBytes] != '{') {
    return {{}, bytes};
  }
  const auto length = static_cast<std::size_t>(littleEndian(bytes.substr(0, kLengthBytes)));
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

std::string builtWith(const Metadata& metadata) {
  const std::string* const version = metadataEntry(metadata, "tensorrt");
  const std::string* const gpu = metadataEntry(metadata, "gpu");
  return !version ? "" : "; it was built with TensorRT " + validUtf8(*version) + (gpu ? " for " + validUtf8(*gpu) : "");
}

void writePlanFile(const std::string& path, const PlanFile& file) {
  const std::string json = metadataJson(file.metadata);
  if (json.size() > std::numeric_limits<std::uint32_t>::max()) {
    throw ModelError("'" + path + "': the engine cannot be written: its metadata has " + std::to_string(json.size()) +
                     " bytes, and a length of 4 bytes stands before it");
  }
  if (const auto error = writeFile(path, {littleEndianBytes(json.size(), kLengthBytes), json, file.plan})) {
    throw ModelError("'" + path + "': the engine cannot be written: " + error.message());
  }
}

}  // namespace trtyolo
