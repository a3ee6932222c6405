// Files that are complete or not there: see output_file.hpp.
#include "writers/output_file.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <random>
#include <system_error>
#include <utility>

#if !defined(_WIN32)
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

namespace fs = std::filesystem;

namespace app {
namespace {

WriteError cannotWrite(const std::string& path, const std::error_code& error) {
  return {path, error.message(), error.value()};
}

/// A file that did not exist; null, and errno, if it cannot be made.
std::FILE* createdFile(const std::string& name) {
#if defined(_WIN32)
  return std::fopen(name.c_str(), "wbx");
#else
  constexpr mode_t kUsual = 0666;  // less what the user's mask takes away
  const int descriptor = ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kUsual);
  std::FILE* const file = descriptor < 0 ? nullptr : fdopen(descriptor, "wb");
  if (descriptor >= 0 && file == nullptr) ::close(descriptor);
  return file;
#endif
}

}  // namespace

WriteError::WriteError(const std::string& path, const std::string& reason, int code)
    : std::runtime_error(fmt::format("'{}' cannot be written: {}", path, reason)), code_(code) {}

bool WriteError::concernsAll() const {
  constexpr std::array kOfAll{ENOSPC, EDQUOT, EFBIG, EIO, EROFS, ENOMEM, EMFILE, ENFILE, EPIPE};
  return std::find(kOfAll.begin(), kOfAll.end(), code_) != kOfAll.end();
}

bool WriteError::readerIsGone() const {
  return code_ == EPIPE;
}

TemporaryFile::TemporaryFile(const std::string& path, const std::string& extension) {
  std::random_device random;  // processes of other machines and containers have the same numbers
  constexpr int kTries = 100;
  for (int i = 0; i < kTries && file == nullptr; ++i) {
    const std::uint64_t number = (std::uint64_t{random()} << 32U) | random();
    name = (fs::path(path).parent_path() / fmt::format(".trtyolo.{:016x}{}", number, extension)).string();
    errno = 0;
    file = createdFile(name);
    if (file == nullptr && errno != EEXIST) break;
  }
  if (file == nullptr) throw cannotWrite(path, {errno, std::generic_category()});
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
  if (!fs::exists(path_, error) || fs::is_regular_file(path_, error)) {
    TemporaryFile made(path_, ".part");
    temporary_ = std::move(made.name);
    file_ = made.file;
    return;
  }
  errno = 0;
  file_ = std::fopen(path_.c_str(), "wb");
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
