#include "runtime/model_source.hpp"

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/files.hpp"
#include "base/fingerprint.hpp"
#include "model/onnx_file.hpp"
#include "trtyolo.hpp"

namespace trtyolo {
namespace {

namespace fs = std::filesystem;

ModelError errorOf(const std::string& path, const std::string& why) {
  return ModelError("'" + path + "': " + why);
}

FileKind kindOf(std::string_view head) {
  const auto text = head.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  if (text != std::string_view::npos &&
      (head.substr(text).starts_with("<?xml") || head.substr(text).starts_with("<net"))) {
    return FileKind::OpenVinoIr;
  }
  // A plan starts with its own mark; Ultralytics puts a 4-byte length and JSON before it, less than 16 MiB.
  const bool plan = head.starts_with("ftrt") || head.starts_with("ptrt");
  const bool ultralytics = head.size() > 5 && head[3] == 0 && head[4] == '{' && head[5] == '"';
  return plan || ultralytics ? FileKind::TensorRtEngine : FileKind::OnnxOrUnknown;
}

std::string weightsOfIr(const std::string& path) {
  return fs::path(path).replace_extension(".bin").string();
}

}  // namespace

ModelSource::ModelSource(const std::string& path) : path_(path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (status.type() == fs::file_type::not_found) {
    throw errorOf(path, "no such model file");
  }
  if (status.type() == fs::file_type::directory) {
    throw errorOf(path, "expected a model file, found a folder; name the .onnx or .xml inside it");
  }
  if (status.type() != fs::file_type::regular) {
    throw errorOf(path, "expected a regular file" + (error ? ": " + error.message() : std::string()));
  }
  bytes_ = static_cast<std::size_t>(fs::file_size(path, error));
  std::ifstream stream(path, std::ios::binary);
  if (error || !stream) {
    throw errorOf(path, "the model file cannot be read: " + (error ? error.message() : std::strerror(errno)));
  }
  if (bytes_ == 0) {
    throw errorOf(path, "the model file is empty");
  }
  std::array<char, 64> head{};
  stream.read(head.data(), static_cast<std::streamsize>(head.size()));
  kind_ = kindOf({head.data(), static_cast<std::size_t>(stream.gcount())});
  if (kind_ == FileKind::OpenVinoIr) {
    const auto weights = fs::file_size(weightsOfIr(path), error);
    bytes_ += error ? 0 : static_cast<std::size_t>(weights);
  }
}

const std::string& ModelSource::content() const {
  if (content_.empty()) {
    std::optional<std::string> bytes = readFile(path_);
    if (!bytes || bytes->empty()) {
      throw errorOf(path_, "the model file cannot be read");
    }
    content_ = std::move(*bytes);
  }
  return content_;
}

std::set<std::string> ModelSource::sideFiles() const {
  switch (kind_) {
    case FileKind::OpenVinoIr:
      return {fs::path(weightsOfIr(path_)).filename().string()};
    case FileKind::OnnxOrUnknown:
      return externalFiles(content());
    case FileKind::TensorRtEngine:
      break;
  }
  return {};
}

const std::string& ModelSource::fingerprint() const {
  if (fingerprint_.empty()) {
    Fingerprint fingerprint;
    fingerprint.add(content());
    for (const std::string& file : sideFiles()) {
      const std::string reason = "its weights are in '" + file + "', ";
      if (!isBelowModel(file)) {
        throw errorOf(path_, reason + "which is outside of the model's folder; ONNX wants them in it or below");
      }
      const auto weights = readFile((fs::path(path_).parent_path() / file).string());
      if (!weights) {
        throw errorOf(path_, reason + "and no such file can be read beside it");
      }
      fingerprint.add(file);
      fingerprint.add(*weights);
    }
    fingerprint_ = fingerprint.text();
  }
  return fingerprint_;
}

}  // namespace trtyolo
