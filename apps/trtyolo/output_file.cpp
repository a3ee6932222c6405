// Files that are complete or not there: see output_file.hpp.
#include "output_file.hpp"

#include <spdlog/fmt/fmt.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <stdexcept>

#if defined(_WIN32)
#include <process.h>
#else
#include <unistd.h>
#endif

namespace fs = std::filesystem;

namespace app {
namespace {

std::runtime_error cannotWrite(const std::string& path, const std::string& reason) {
  return std::runtime_error(fmt::format("'{}' cannot be written: {}", path, reason));
}

}  // namespace

std::string temporaryName(const std::string& path, const std::string& extension) {
  const fs::path whole(path);
  return (whole.parent_path() / fmt::format(".{}.{}{}", whole.filename().string(), getpid(), extension)).string();
}

void putInPlace(const std::string& temporary, const std::string& path) {
  std::error_code error;
  fs::rename(temporary, path, error);
  if (!error) return;
  std::error_code ignored;
  fs::remove(temporary, ignored);
  throw cannotWrite(path, error.message());
}

void makeFolder(const std::string& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw std::runtime_error("the folder '" + folder + "' cannot be made: " + error.message());
  if (!fs::is_directory(folder)) throw std::runtime_error("'" + folder + "' is not a folder");
}

OutputFile::OutputFile(const std::string& path) : path_(path) {
  if (path_ == "-") {
    path_ = "standard output";
    file_ = stdout;
    return;
  }
  std::error_code error;
  if (fs::is_symlink(path_, error)) path_ = fs::weakly_canonical(path_).string();
  if (fs::is_directory(path_, error)) throw cannotWrite(path_, "it is a folder");
  if (!fs::exists(path_, error) || fs::is_regular_file(path_, error)) temporary_ = temporaryName(path_, ".part");
  errno = 0;
  file_ = std::fopen((direct() ? path_ : temporary_).c_str(), "wb");
  if (file_ == nullptr) fail();
}

OutputFile::~OutputFile() {
  if (file_ != nullptr && file_ != stdout) std::fclose(file_);
  std::error_code ignored;
  if (!direct()) fs::remove(temporary_, ignored);
}

void OutputFile::write(std::string_view bytes) {
  errno = 0;
  if (std::fwrite(bytes.data(), 1, bytes.size(), file_) != bytes.size()) fail();
}

void OutputFile::flush() {
  errno = 0;
  if (std::fflush(file_) != 0) fail();
}

void OutputFile::commit() {
  flush();
  if (file_ == stdout) return;
  errno = 0;
  std::FILE* file = file_;
  file_ = nullptr;
  if (std::fclose(file) != 0) fail();
  if (direct()) return;
  const std::string temporary = std::move(temporary_);
  temporary_.clear();
  putInPlace(temporary, path_);
}

void OutputFile::fail() const {
  throw cannotWrite(path_, std::strerror(errno));
}

}  // namespace app
