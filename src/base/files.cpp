#include "base/files.hpp"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <random>
#include <utility>

#include "base/file_lock.hpp"

namespace trtyolo {

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
  const std::string unfinished = path + ".part" + std::to_string(std::random_device()());
  errno = 0;
  std::ofstream stream(unfinished, std::ios::binary);
  for (const std::string_view part : parts) {
    stream.write(part.data(), static_cast<std::streamsize>(part.size()));
  }
  stream.close();
  std::error_code error;
  if (stream) {
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
