#include "runtime/model_source.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/files.hpp"
#include "base/fingerprint.hpp"
#include "base/little_endian.hpp"
#include "model/onnx_file.hpp"
#include "trtyolo.hpp"

namespace trtyolo {
namespace {

namespace fs = std::filesystem;

ModelError errorOf(const std::string& path, const std::string& why) {
  return ModelError("'" + path + "': " + why);
}

// Whether these are the first bytes of an engine with metadata before its plan: a length in 4 bytes and JSON. A length
// that leaves no room for a plan is believed below 16 MiB only: that is a damaged engine, and not ONNX.
bool beginsWithMetadata(std::string_view head, std::size_t bytes) {
  if (head.size() < 6 || head[4] != '{' || (head[5] != '"' && head[5] != '}')) {
    return false;
  }
  return head[3] == 0 || littleEndian(head.substr(0, 4)) < bytes - 4;
}

FileKind kindOf(std::string_view head, std::size_t bytes) {
  const auto text = head.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  if (text != std::string_view::npos &&
      (head.substr(text).starts_with("<?xml") || head.substr(text).starts_with("<net"))) {
    return FileKind::OpenVinoIr;
  }
  const bool plan = head.starts_with("ftrt") || head.starts_with("ptrt");
  return plan || beginsWithMetadata(head, bytes) ? FileKind::TensorRtEngine : FileKind::OnnxOrUnknown;
}

constexpr const char* kWeights = "its weights are in";

std::string weightsOfIr(const std::string& path) {
  return fs::path(path).replace_extension(".bin").string();
}

// As whyTooLarge(), of an OpenVINO IR. What stands in a comment counts as well.
std::string whyIrTooLarge(std::string_view xml) {
  constexpr std::size_t kMostLayers = 20'000, kMostDepth = 8;
  std::size_t layers = 0, depth = 0, deepest = 0;
  for (std::size_t at = xml.find('<'); at != std::string_view::npos; at = xml.find('<', at + 1)) {
    const std::string_view tag = xml.substr(at, 8);
    layers += tag.starts_with("<layer ") ? 1 : 0;
    const bool opens = tag.starts_with("<body") || tag.starts_with("<then_bo") || tag.starts_with("<else_bo");
    const bool closes = tag.starts_with("</body") || tag.starts_with("</then_") || tag.starts_with("</else_");
    depth += opens ? 1 : 0;
    depth -= closes && depth > 0 ? 1 : 0;
    deepest = std::max(deepest, depth);
  }
  return layers > kMostLayers ? "it has " + std::to_string(layers) + " layers, and no network needs more than " +
                                    std::to_string(kMostLayers)
         : deepest > kMostDepth ? "it has " + std::to_string(deepest) +
                                      " networks inside each other, and none needs more "
                                      "than " +
                                      std::to_string(kMostDepth)
                                : "";
}

// Whether a path without links is in a folder without links, or below it.
bool isIn(const fs::path& folder, const fs::path& path) {
  return std::mismatch(folder.begin(), folder.end(), path.begin(), path.end()).first == folder.end();
}

// The file of this name that belongs to a model, and has at least so many bytes. Throws if it may not be read; `reason`
// begins what is said then.
SideFile sideFile(const std::string& model, const std::string& reason, const std::string& name, std::uint64_t bytes) {
  const auto refusal = [&](const std::string& why) { return errorOf(model, reason + " '" + name + "', which " + why); };
  const char* const outside = "is outside of the model's folder; it may be in that or below";
  if (!isBelowModel(name)) {
    throw refusal(outside);
  }
  const fs::path folder = fs::path(model).has_parent_path() ? fs::path(model).parent_path() : ".";
  const fs::path place = folder / name;
  if (const std::string why = whyNoFile(place.string()); !why.empty()) {
    throw refusal("cannot be read: " + why);
  }
  std::error_code error;
  const auto withoutLinks = [&error](const fs::path& path) { return error ? fs::path() : fs::canonical(path, error); };
  const fs::path file = withoutLinks(place), around = withoutLinks(folder), behind = withoutLinks(model).parent_path();
  const std::uint64_t size = error ? 0 : fs::file_size(file, error);
  if (error) {
    throw refusal("cannot be read: " + error.message());
  }
  if (!isIn(around, file) && !isIn(behind, file)) {
    throw refusal(outside);
  }
  if (size < bytes) {
    throw refusal("was expected to have more bytes than its " + std::to_string(size) + ": damaged, or incomplete");
  }
  return {name, file.string()};
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
  kind_ = kindOf({head.data(), static_cast<std::size_t>(stream.gcount())}, bytes_);
  constexpr std::size_t kMostBytes = std::numeric_limits<std::int32_t>::max();
  if (kind_ != FileKind::TensorRtEngine && bytes_ > kMostBytes) {
    throw errorOf(path, "an ONNX model or OpenVINO IR has less than 2 GiB, found " + std::to_string(bytes_) +
                            " bytes; weights beyond that belong in a file beside it");
  }
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
    const std::string why = kind_ == FileKind::OnnxOrUnknown ? whyTooLarge(*bytes)
                            : kind_ == FileKind::OpenVinoIr  ? whyIrTooLarge(*bytes)
                                                             : "";
    if (!why.empty()) {
      throw errorOf(path_, why);
    }
    content_ = std::move(*bytes);
  }
  return content_;
}

const std::vector<SideFile>& ModelSource::sideFiles() const {
  if (!sideFiles_) {
    std::vector<SideFile> files;
    if (kind_ == FileKind::OpenVinoIr) {
      files.push_back(sideFile(path_, kWeights, fs::path(weightsOfIr(path_)).filename().string(), 0));
    } else if (kind_ == FileKind::OnnxOrUnknown) {
      for (const auto& [name, bytes] : externalFiles(content())) {
        files.push_back(sideFile(path_, kWeights, name, bytes));
      }
    }
    sideFiles_ = std::move(files);
  }
  return *sideFiles_;
}

std::string ModelSource::metadataBeside() const {
  constexpr const char* kName = "metadata.yaml";
  constexpr const char* kReason = "its metadata is in";
  constexpr std::uint64_t kMostBytes = std::uint64_t{16} << 20U;  // 65,536 long names of classes are less
  std::error_code error;
  const fs::path place = fs::path(path_).parent_path() / kName;
  if (kind_ != FileKind::OpenVinoIr || fs::symlink_status(place, error).type() == fs::file_type::not_found) {
    return "";
  }
  std::optional<std::string> text = readFile(sideFile(path_, kReason, kName, 0).path, kMostBytes);
  if (!text) {
    throw errorOf(path_, std::string(kReason) + " '" + kName + "', which cannot be read, or has more than " +
                             std::to_string(kMostBytes >> 20U) + " MiB");
  }
  return std::move(*text);
}

const std::string& ModelSource::fingerprint() const {
  if (fingerprint_.empty()) {
    Fingerprint fingerprint;
    fingerprint.add(content());
    for (const SideFile& file : sideFiles()) {
      fingerprint.add(file.name);
      if (!fingerprint.addFile(file.path)) {
        throw errorOf(path_, "its weights in '" + file.name + "' cannot be read");
      }
    }
    fingerprint_ = fingerprint.text();
  }
  return fingerprint_;
}

}  // namespace trtyolo
