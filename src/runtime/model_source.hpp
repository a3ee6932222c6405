// The files of a model: what they are by their content, and which content that was.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace trtyolo {

enum class FileKind {
  OnnxOrUnknown,   // ONNX has no signature: its reader decides
  OpenVinoIr,      // XML
  TensorRtEngine,  // a plan, with or without Ultralytics' header
};

// A file that holds weights of a model.
struct SideFile {
  std::string name;  // as the model says it, relative to its folder
  std::string path;  // where it is, without links
};

// Made once, before a model is loaded, and handed to all that works on its file. What has been read is not read again:
// if the file is replaced meanwhile, the fingerprint is still that of the content in use. One thread at a time.
class ModelSource {
 public:
  // Looks at the beginning of the file only. Throws ModelError if it is missing, no regular file, unreadable, empty, or
  // is no engine and has 2 GiB or more, which no reader takes.
  explicit ModelSource(const std::string& path);

  const std::string& path() const { return path_; }
  FileKind kind() const { return kind_; }
  std::size_t bytes() const { return bytes_; }  // weights of an OpenVINO IR included

  // The file's bytes, read on the first call. Throws ModelError if it cannot be read to its end, or describes a network
  // that is larger than any: see whyTooLarge().
  const std::string& content() const;

  // The files that hold its weights: external data of an ONNX model, the .bin of an OpenVINO IR; looked for on the
  // first call. Whatever reads, hashes or builds from them asks here first: each is a regular file in the model's
  // folder or below (in that of the path, or of the file that it leads to, as download caches link both), and is as
  // long as the model says. Throws ModelError if one is not.
  const std::vector<SideFile>& sideFiles() const;

  // The text of the metadata.yaml beside an OpenVINO IR; empty if there is none. Throws ModelError if it is none that
  // may be read (as of sideFiles()), or has more than 16 MiB.
  std::string metadataBeside() const;

  // A hash of the content of the file and its side files, which are read on the first call. Throws ModelError if one of
  // them cannot be read, and what sideFiles() throws.
  const std::string& fingerprint() const;

 private:
  std::string path_;
  FileKind kind_ = FileKind::OnnxOrUnknown;
  std::size_t bytes_ = 0;
  mutable std::string content_, fingerprint_;  // empty: not read yet
  mutable std::optional<std::vector<SideFile>> sideFiles_;
};

}  // namespace trtyolo
