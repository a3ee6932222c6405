// Files that are complete or not there: see output_file.hpp.
#include "writers/output_file.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <filesystem>
#include <system_error>

#if defined(_WIN32)
#include <process.h>
#else
#include <unistd.h>
#endif

namespace fs = std::filesystem;

namespace app {
namespace {

WriteError cannotWrite(const std::string& path, const std::error_code& error) {
  return {path, error.message(), error.value()};
}

}  // namespace

WriteError::WriteError(const std::string& path, const std::string& reason, int code)
    : std::runtime_error(fmt::format("'{}' cannot be written: {}", path, reason)), code_(code) {}

bool WriteError::concernsAll() const {
  constexpr std::array kOfAll{ENOSPC, EDQUOT, EFBIG, EIO, EROFS, ENOMEM, EMFILE, ENFILE};
  return std::find(kOfAll.begin(), kOfAll.end(), code_) != kOfAll.end();
}

std::string temporaryName(const std::string& path, const std::string& extension) {
  static std::atomic<unsigned> count{0};
  return (fs::path(path).parent_path() / fmt::format(".trtyolo.{}.{}{}", getpid(), count++, extension)).string();
}

void putInPlace(const std::string& temporary, const std::string& path) {
  std::error_code error;
  fs::rename(temporary, path, error);
  if (!error) return;
  std::error_code ignored;
  fs::remove(temporary, ignored);
  throw cannotWrite(path, error);
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
  if (fs::is_directory(path_, error)) throw WriteError(path_, "it is a folder", EISDIR);
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
  throw cannotWrite(path_, {errno, std::generic_category()});
}

}  // namespace app
