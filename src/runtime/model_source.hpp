// The files of a model: what they are by their content, and which content that was.
#pragma once

#include <cstddef>
#include <set>
#include <string>

namespace trtyolo {

enum class FileKind {
  OnnxOrUnknown,   // ONNX has no signature: its reader decides
  OpenVinoIr,      // XML
  TensorRtEngine,  // a plan, with or without Ultralytics' header
};

// Made once, before a model is loaded, and handed to all that works on its file. What has been read is not read again:
// if the file is replaced meanwhile, the fingerprint is still that of the content in use. One thread at a time.
class ModelSource {
 public:
  // Looks at the beginning of the file only. Throws ModelError if it is missing, no regular file, unreadable or empty.
  explicit ModelSource(const std::string& path);

  const std::string& path() const { return path_; }
  FileKind kind() const { return kind_; }
  std::size_t bytes() const { return bytes_; }  // weights of an OpenVINO IR included

  // The file's bytes, read on the first call. Throws ModelError if it cannot be read to its end.
  const std::string& content() const;

  // The files that hold its weights, relative to its folder: external data of an ONNX model, the .bin of an OpenVINO
  // IR.
  std::set<std::string> sideFiles() const;

  // A hash of the content of the file and its side files, which are read on the first call. Throws ModelError if one of
  // them cannot be read or is outside of the model's folder.
  const std::string& fingerprint() const;

 private:
  std::string path_;
  FileKind kind_ = FileKind::OnnxOrUnknown;
  std::size_t bytes_ = 0;
  mutable std::string content_, fingerprint_;  // empty: not read yet
};

}  // namespace trtyolo
