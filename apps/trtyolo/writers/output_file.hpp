// Files that are complete or not there.
#pragma once

#include <cstdio>
#include <stdexcept>
#include <string>
#include <string_view>

namespace app {

/// A file cannot be written: names it and the reason.
class WriteError : public std::runtime_error {
 public:
  WriteError(const std::string& path, const std::string& reason, int code);
  /// True if other files will meet the same: the disk is full or broken.
  bool concernsAll() const;
  /// True if it was a pipe, and nobody reads it any more.
  bool readerIsGone() const;

 private:
  int code_;
};

/// A file beside `path` to write to until it is complete, empty and open; `extension` is what its name ends with.
/// Nobody had it before: another process may be at the same `path`, or have planted a link. The name is short, and
/// holds nothing that programs might take for more than a name.
struct TemporaryFile {
  std::string name;
  std::FILE* file = nullptr;  ///< the caller closes it

  /// @throws WriteError  names `path` and the reason
  TemporaryFile(const std::string& path, const std::string& extension);
};

/// Puts the complete file `temporary` in the place of `path`.
/// @throws WriteError  names the file and the reason; `temporary` is gone
void putInPlace(const std::string& temporary, const std::string& path);

/// Makes `folder` and those above it, unless they exist.
/// @throws std::runtime_error  names the folder and the reason
void makeFolder(const std::string& folder);

/// A file that gets its name when commit() is called, and vanishes if that never happens. "-" is standard output; that,
/// devices and pipes are written to directly. Every failure throws a WriteError.
class OutputFile {
 public:
  explicit OutputFile(const std::string& path);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  void write(std::string_view bytes);
  /// Hands what was written to the system, so that a reader of a pipe sees it.
  void flush();
  void commit();

  /// True if it is written to directly, so that others can read it meanwhile.
  bool direct() const { return temporary_.empty(); }

 private:
  [[noreturn]] void fail() const;

  std::string path_;
  std::string temporary_;  ///< empty if written to directly
  std::FILE* file_ = nullptr;
};

}  // namespace app
