#include "runtime/tensorrt/plan_file.hpp"

#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <random>

#include "runtime/file_kind.hpp"
#include "trtyolo.hpp"

namespace trtyolo::tensorrt {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLengthBytes = 4;

std::size_t littleEndian(std::string_view bytes) {
  std::size_t value = 0;
  for (std::size_t i = kLengthBytes; i-- > 0;) {
    value = value << 8 | static_cast<unsigned char>(bytes[i]);
  }
  return value;
}

}  // namespace

PlanFile readPlanFile(const std::string& path) {
  PlanFile file;
  file.bytes = readModelFile(path);
  if (file.bytes.size() > kLengthBytes && file.bytes[kLengthBytes] == '{') {
    const std::size_t length = littleEndian(file.bytes);
    const auto metadata = length <= file.bytes.size() - kLengthBytes
                              ? parseMetadataJson(std::string_view(file.bytes).substr(kLengthBytes, length))
                              : std::nullopt;
    if (!metadata) {
      throw ModelError("'" + path + "': a TensorRT engine behind " + std::to_string(length) +
                       " bytes of JSON was expected, but they are not that: damaged or incomplete");
    }
    file.metadata = *metadata;
    file.planBegin = kLengthBytes + length;
  }
  return file;
}

void writePlanFile(const std::string& path, const Metadata& metadata, std::string_view plan) {
  const std::string json = metadataJson(metadata);
  std::array<char, kLengthBytes> length{};
  for (std::size_t i = 0; i < kLengthBytes; ++i) {
    length[i] = static_cast<char>(json.size() >> (8 * i) & 0xFF);
  }
  const std::string unfinished = path + ".part" + std::to_string(std::random_device()());
  std::ofstream stream(unfinished, std::ios::binary);
  stream.write(length.data(), kLengthBytes);
  stream.write(json.data(), static_cast<std::streamsize>(json.size()));
  stream.write(plan.data(), static_cast<std::streamsize>(plan.size()));
  stream.close();
  std::error_code error;
  if (stream) {
    fs::rename(unfinished, path, error);
  }
  if (!stream || error) {
    std::error_code ignored;
    fs::remove(unfinished, ignored);
    throw ModelError("'" + path + "': the engine cannot be written" + (error ? ": " + error.message() : ""));
  }
}

}  // namespace trtyolo::tensorrt
