#include "base/files.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <random>
#include <utility>

#if !defined(_WIN32)
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

#include "base/file_lock.hpp"

namespace trtyolo {
namespace {

// Opens a file that did not exist, in the folder of `path`: another process may be at the same path, or have planted a
// link. Null, and errno, if none can be made.
std::FILE* createBeside(const std::string& path, std::string& name) {
  std::random_device random;
  constexpr int kTries = 100;
  for (int i = 0; i < kTries; ++i) {
    const std::uint64_t number = (std::uint64_t{random()} << 32U) | random();
    name = (std::filesystem::path(path).parent_path() / (".trtyolo." + std::to_string(number) + ".part")).string();
    errno = 0;
#if defined(_WIN32)
    std::FILE* const file = std::fopen(name.c_str(), "wbx");
#else
    constexpr mode_t kUsual = 0666;  // less what the user's mask takes away
    const int descriptor = ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kUsual);
    std::FILE* const file = descriptor < 0 ? nullptr : fdopen(descriptor, "wb");
    if (descriptor >= 0 && !file) {
      ::close(descriptor);
    }
#endif
    if (file || errno != EEXIST) {
      return file;
    }
  }
  return nullptr;
}

}  // namespace

std::string whyNoFile(const std::string& path) {
  std::error_code error;
  switch (std::filesystem::status(path, error).type()) {
    case std::filesystem::file_type::regular:
      return "";
    case std::filesystem::file_type::not_found:
      return "no such file";
    case std::filesystem::file_type::directory:
      return "a folder, no file";
    case std::filesystem::file_type::none:
    case std::filesystem::file_type::unknown:
      return error ? error.message() : "no file that can be looked at";
    default:
      return "a pipe, a device or a socket, no regular file";
  }
}

FileReader::FileReader(const std::string& path) : error_(whyNoFile(path)) {
  if (!error_.empty()) {
    return;
  }
  errno = 0;
#if defined(_WIN32)
  file_.reset(std::fopen(path.c_str(), "rb"));
  std::error_code error;
  size_ = std::filesystem::file_size(path, error);
  const bool regular = file_ && !error;
#else
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  struct stat opened {};
  const bool regular = descriptor >= 0 && fstat(descriptor, &opened) == 0 && S_ISREG(opened.st_mode);
  if (regular) {
    file_.reset(fdopen(descriptor, "rb"));
    size_ = static_cast<std::uint64_t>(opened.st_size);
  }
  if (descriptor >= 0 && !file_) {
    ::close(descriptor);
  }
#endif
  left_ = size_;
  if (!file_ || !regular) {
    error_ = errno != 0 ? std::generic_category().message(errno) : "it cannot be opened";
  }
}

bool FileReader::next(std::string& piece) {
  constexpr std::uint64_t kPiece = 1U << 20U;
  if (left_ == 0 || !error_.empty()) {
    return false;
  }
  piece.resize(static_cast<std::size_t>(std::min(left_, kPiece)));
  if (std::fread(piece.data(), 1, piece.size(), file_.get()) != piece.size()) {
    error_ = "it cannot be read to its end";
    return false;
  }
  left_ -= piece.size();
  return true;
}

std::optional<std::string> readFile(const std::string& path, std::uint64_t most) {
  FileReader reader(path);
  if (!reader.error().empty() || reader.size() > most) {
    return std::nullopt;
  }
  std::string bytes, piece;
  bytes.reserve(static_cast<std::size_t>(reader.size()));
  while (reader.next(piece)) {
    bytes += piece;
  }
  return reader.error().empty() ? std::optional(std::move(bytes)) : std::nullopt;
}

std::error_code writeFile(const std::string& path, std::initializer_list<std::string_view> parts) {
  std::string unfinished;
  std::FILE* const file = createBeside(path, unfinished);
  if (!file) {
    return {errno, std::generic_category()};
  }
  errno = 0;
  bool written = true;
  for (const std::string_view part : parts) {
    written = written && std::fwrite(part.data(), 1, part.size(), file) == part.size();
  }
  written = std::fclose(file) == 0 && written;
  std::error_code error;
  if (written) {
    std::filesystem::rename(unfinished, path, error);
  } else {
    error = {errno != 0 ? errno : EIO, std::generic_category()};
  }
  if (error) {
    std::error_code ignored;
    std::filesystem::remove(unfinished, ignored);
  }
  return error;
}

std::error_code whyNotWritable(const std::string& path) {
  std::string name;
  std::FILE* const file = createBeside(path, name);
  if (!file) {
    return {errno, std::generic_category()};
  }
  std::fclose(file);
  std::error_code ignored;
  std::filesystem::remove(name, ignored);
  return {};
}

std::error_code updateFile(const std::string& path, const std::function<std::string(const std::string&)>& update) {
  const FileLock lock(path + ".lock", [] {});
  return writeFile(path, {update(readFile(path).value_or(""))});
}

}  // namespace trtyolo
