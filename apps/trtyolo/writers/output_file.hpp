// Files that are complete or not there.
#pragma once

#include <cstdio>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "terminal/interrupt.hpp"

namespace app {

/// A file cannot be written: names it and the reason.
class WriteError : public std::runtime_error {
 public:
  WriteError(const std::string& path, const std::string& reason, int code);
  /// True if it was a pipe, and nobody reads it any more.
  bool readerIsGone() const;

 private:
  int code_;
};

/// A file beside `path` to write to until it is complete, empty and open; `extension` is what its name ends with.
/// Nobody had it before: another process may be at the same `path`, or have planted a link. The name is short, and
/// holds nothing that programs might take for more than a name. The destructor removes what was not put in place, and
/// so does a signal that ends the program. Every failure throws a WriteError that names `path`.
class TemporaryFile {
 public:
  TemporaryFile(const std::string& path, const std::string& extension);
  ~TemporaryFile();
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  const std::string& name() const { return name_; }
  void write(std::string_view bytes);
  /// Hands all of it to the system.
  void flush();
  /// No more is to be written, or somebody else writes it by its name.
  void close();
  /// Gives the file the name `path`, in the place of what has it: another file, a link, a pipe. It may be written to
  /// after that, and is kept.
  void putInPlace();

 private:
  std::string path_, name_;
  std::FILE* file_ = nullptr;
  std::optional<UnfinishedFile> unfinished_;
};

/// Writes a file of `bytes` in the place of what is there: another file, a link, a pipe.
/// @throws WriteError  names the file and the reason
void writeWhole(const std::string& path, std::string_view bytes);

/// Makes `folder` and those above it, unless they exist.
/// @throws std::runtime_error  names the folder and the reason
void makeFolder(const std::string& folder);

/// A file that the user has named, written piece by piece. One that is Whole gets its name when commit() is called, and
/// vanishes if that never happens; one that is Growing has it from the beginning, in the place of what is there, and
/// every piece is handed to the system at once, so that what was written stays whatever ends the process. A link is
/// followed. "-" is standard output; that, devices and pipes are written to directly. Where nobody reads a pipe any
/// more, or nobody reads it for seconds after a signal to end, it is given up. Every failure throws a WriteError.
class OutputFile {
 public:
  enum class Kind { Whole, Growing };

  OutputFile(const std::string& path, Kind kind);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  /// What is Growing, or written to directly, is handed to the system at once.
  void write(std::string_view bytes);
  void commit();

 private:
  std::string path_;
  Kind kind_;
  std::optional<TemporaryFile> temporary_;  ///< none if written to directly
  int direct_ = -1;                         ///< descriptor
};

}  // namespace app
