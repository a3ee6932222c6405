#include "runtime/file_kind.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>

#include "trtyolo.hpp"

namespace trtyolo {
namespace {

namespace fs = std::filesystem;

FileKind kindOf(std::string_view head) {
  const auto text = head.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  if (text != std::string_view::npos &&
      (head.substr(text).starts_with("<?xml") || head.substr(text).starts_with("<net"))) {
    return FileKind::OpenVinoIr;
  }
  // A plan starts with its own mark; Ultralytics puts a 4-byte length and JSON before it.
  const bool plan = head.starts_with("ftrt") || head.starts_with("ptrt");
  const bool ultralytics = head.size() > 5 && head[2] == 0 && head[3] == 0 && head[4] == '{' && head[5] == '"';
  return plan || ultralytics ? FileKind::TensorRtEngine : FileKind::OnnxOrUnknown;
}

}  // namespace

ModelFile openModelFile(const std::string& path) {
  const auto fail = [&](const std::string& why) -> ModelError { return ModelError("'" + path + "': " + why); };
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (status.type() == fs::file_type::not_found) {
    throw fail("no such model file");
  }
  if (status.type() == fs::file_type::directory) {
    throw fail("expected a model file, found a folder; name the .onnx or .xml inside it");
  }
  if (status.type() != fs::file_type::regular) {
    throw fail("expected a regular file" + (error ? ": " + error.message() : std::string()));
  }
  ModelFile file;
  file.bytes = static_cast<std::size_t>(fs::file_size(path, error));
  if (!error) {
    file.written = fs::last_write_time(path, error);
  }
  std::ifstream stream(path, std::ios::binary);
  if (error || !stream) {
    throw fail("the model file cannot be read: " + (error ? error.message() : std::string(std::strerror(errno))));
  }
  if (file.bytes == 0) {
    throw fail("the model file is empty");
  }
  std::array<char, 64> head{};
  stream.read(head.data(), static_cast<std::streamsize>(head.size()));
  file.kind = kindOf({head.data(), static_cast<std::size_t>(stream.gcount())});
  if (file.kind == FileKind::OpenVinoIr) {
    const auto weights = fs::file_size(fs::path(path).replace_extension(".bin"), error);
    file.bytes += error ? 0 : static_cast<std::size_t>(weights);
  }
  return file;
}

std::string readModelFile(const std::string& path) {
  std::ifstream stream(path, std::ios::binary | std::ios::ate);
  std::string bytes;
  const std::streamoff size = stream ? static_cast<std::streamoff>(stream.tellg()) : -1;
  if (size >= 0) {
    bytes.resize(static_cast<std::size_t>(size));
    stream.seekg(0).read(bytes.data(), size);
  }
  if (!stream || size < 0) {
    throw ModelError("'" + path + "': the model file cannot be read");
  }
  return bytes;
}

}  // namespace trtyolo
