// Reading and writing whole files.
#pragma once

#include <cstdint>
#include <cstdio>
#include <functional>
#include <initializer_list>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace trtyolo {

// Why there is no regular file at this path, in words that follow "'PATH': ": "no such file", "a folder", "a pipe, a
// device or a socket", or what the system says. Empty if there is one; links are followed. Opens nothing, so that it
// never waits.
std::string whyNoFile(const std::string& path);

// A regular file, read once from its beginning to the end that it had when it was opened. Never waits for a pipe or a
// device, even if one has taken the file's place meanwhile. One thread at a time.
class FileReader {
 public:
  explicit FileReader(const std::string& path);

  // Why it cannot be opened or could not be read to its end; empty while all is well.
  const std::string& error() const { return error_; }
  std::uint64_t size() const { return size_; }
  // Replaces `piece` by the next bytes. False at the end, and if there is an error.
  bool next(std::string& piece);

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  std::unique_ptr<std::FILE, Close> file_;
  std::uint64_t size_ = 0, left_ = 0;
  std::string error_;
};

// The file's bytes; nothing if it is no regular file, cannot be read to its end or has more than `most` bytes.
std::optional<std::string> readFile(const std::string& path,
                                    std::uint64_t most = std::numeric_limits<std::uint64_t>::max());

// Writes the parts to another file beside `path` and renames it, so that `path` is whole or what it was before.
// The reason if it cannot be written.
std::error_code writeFile(const std::string& path, std::initializer_list<std::string_view> parts);

// The reason why writeFile() could not begin to write; it leaves nothing behind.
std::error_code whyNotWritable(const std::string& path);

// Replaces the file's bytes by what `update` makes of them (empty if there is no file), so that no update of another
// thread or process is lost: see FileLock. The reason if it cannot be written. Throws what `update` throws.
std::error_code updateFile(const std::string& path, const std::function<std::string(const std::string&)>& update);

}  // namespace trtyolo
