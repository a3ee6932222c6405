#include "base/files.hpp"

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
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

std::optional<std::string> readFile(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    return std::nullopt;  // a folder can be opened, too
  }
  std::ifstream stream(path, std::ios::binary | std::ios::ate);
  const std::streamoff size = stream ? static_cast<std::streamoff>(stream.tellg()) : -1;
  if (size < 0) {
    return std::nullopt;
  }
  std::string bytes(static_cast<std::size_t>(size), '\0');
  stream.seekg(0).read(bytes.data(), size);
  return stream ? std::optional(std::move(bytes)) : std::nullopt;
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

std::error_code updateFile(const std::string& path, const std::function<std::string(const std::string&)>& update) {
  const FileLock lock(path + ".lock", [] {});
  return writeFile(path, {update(readFile(path).value_or(""))});
}

}  // namespace trtyolo
