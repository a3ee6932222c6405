// Files that are complete or not there.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

namespace app {

/// A name beside `path` to write under until the file is complete; `extension` is what the name ends with.
std::string temporaryName(const std::string& path, const std::string& extension);

/// Puts the complete file `temporary` in the place of `path`.
/// @throws std::runtime_error  names the file and the reason; `temporary` is gone
void putInPlace(const std::string& temporary, const std::string& path);

/// Makes `folder` and those above it, unless they exist.
/// @throws std::runtime_error  names the folder and the reason
void makeFolder(const std::string& folder);

/// A file that gets its name when commit() is called, and vanishes if that never happens. "-" is standard output; that,
/// devices and pipes are written to directly. Every failure throws a std::runtime_error with the path and the reason.
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

  /// True if somebody may read along.
  bool direct() const { return temporary_.empty(); }

 private:
  [[noreturn]] void fail() const;

  std::string path_;
  std::string temporary_;  ///< empty if written to directly
  std::FILE* file_ = nullptr;
};

}  // namespace app
