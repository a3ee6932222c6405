// What a model file is, by its content.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

namespace trtyolo {

enum class FileKind {
  OnnxOrUnknown,   // ONNX has no signature: its reader decides
  OpenVinoIr,      // XML
  TensorRtEngine,  // a plan, with or without Ultralytics' header
};

struct ModelFile {
  FileKind kind = FileKind::OnnxOrUnknown;
  std::size_t bytes = 0;  // weights of an OpenVINO IR included
  std::filesystem::file_time_type written;
  bool operator==(const ModelFile&) const = default;
};

// Throws ModelError if the file is missing, no regular file, unreadable or empty.
ModelFile openModelFile(const std::string& path);

// The file's bytes. Throws ModelError if it cannot be read to its end.
std::string readModelFile(const std::string& path);

}  // namespace trtyolo
