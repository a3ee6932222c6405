// Files that are complete or not there: see output_file.hpp.
#include "writers/output_file.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spdlog/fmt/fmt.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstdint>
#include <filesystem>
#include <random>
#include <system_error>
#include <utility>

namespace fs = std::filesystem;

namespace app {
namespace {

constexpr mode_t kUsual = 0666;  // less what the user's mask takes away

[[noreturn]] void throwCannotWrite(const std::string& path, int code) {
  throw WriteError(path, std::generic_category().message(code), code);
}

/// A file that did not exist; null, and errno, if it cannot be made.
std::FILE* createdFile(const std::string& name) {
  const int descriptor = ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kUsual);
  std::FILE* const file = descriptor < 0 ? nullptr : fdopen(descriptor, "wb");
  if (descriptor >= 0 && file == nullptr) ::close(descriptor);
  return file;
}

/// Waits until a pipe takes bytes. After a signal to end it need not do so for long.
void waitToWrite(int descriptor, const std::string& path) {
  using Clock = std::chrono::steady_clock;
  constexpr int kLookEvery = 100;  // milliseconds
  constexpr auto kLast = std::chrono::seconds(2);
  Clock::time_point end = Clock::time_point::max();
  pollfd ready{descriptor, POLLOUT, 0};
  while (poll(&ready, 1, kLookEvery) <= 0) {
    if (!interrupted()) continue;
    if (end == Clock::time_point::max()) end = Clock::now() + kLast;
    if (Clock::now() >= end) throw WriteError(path, "nobody reads it", EPIPE);
  }
}

}  // namespace

WriteError::WriteError(const std::string& path, const std::string& reason, int code)
    : std::runtime_error(fmt::format("'{}' cannot be written: {}", path, reason)), code_(code) {}

bool WriteError::readerIsGone() const {
  return code_ == EPIPE;
}

TemporaryFile::TemporaryFile(const std::string& path, const std::string& extension) : path_(path) {
  std::random_device random;  // processes of other machines and containers have the same numbers
  constexpr int kTries = 100;
  for (int i = 0; i < kTries && file_ == nullptr; ++i) {
    const std::uint64_t number = (std::uint64_t{random()} << 32U) | random();
    name_ = (fs::path(path).parent_path() / fmt::format(".trtyolo.{:016x}{}", number, extension)).string();
    unfinished_.emplace(name_);
    errno = 0;
    file_ = createdFile(name_);
    if (file_ == nullptr && errno != EEXIST) break;
  }
  if (file_ == nullptr) throwCannotWrite(path_, errno);
}

TemporaryFile::~TemporaryFile() {
  if (file_ != nullptr) std::fclose(file_);
  std::error_code ignored;
  if (!name_.empty()) fs::remove(name_, ignored);
}

void TemporaryFile::write(std::string_view bytes) {
  errno = 0;
  if (std::fwrite(bytes.data(), 1, bytes.size(), file_) != bytes.size()) throwCannotWrite(path_, errno);
}

void TemporaryFile::flush() {
  errno = 0;
  if (std::fflush(file_) != 0) throwCannotWrite(path_, errno);
}

void TemporaryFile::close() {
  errno = 0;
  if (std::fclose(std::exchange(file_, nullptr)) != 0) throwCannotWrite(path_, errno);
}

void TemporaryFile::putInPlace() {
  std::error_code error;
  fs::rename(name_, path_, error);
  if (error) throwCannotWrite(path_, error.value());
  name_.clear();
  unfinished_.reset();
}

void writeWhole(const std::string& path, std::string_view bytes) {
  TemporaryFile file(path, ".part");
  file.write(bytes);
  file.close();
  file.putInPlace();
}

void makeFolder(const std::string& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw std::runtime_error("the folder '" + folder + "' cannot be made: " + error.message());
  if (!fs::is_directory(folder)) throw std::runtime_error("'" + folder + "' is not a folder");
}

OutputFile::OutputFile(const std::string& path, Kind kind) : path_(path), kind_(kind) {
  if (path_ == "-") {
    path_ = "standard output";
    direct_ = STDOUT_FILENO;
    return;
  }
  std::error_code error;
  if (fs::is_symlink(path_, error)) path_ = fs::weakly_canonical(path_).string();
  if (fs::is_directory(path_, error)) throw WriteError(path_, "it is a folder", EISDIR);
  if (!fs::exists(path_, error) || fs::is_regular_file(path_, error)) {
    temporary_.emplace(path_, ".part");
    if (kind_ == Kind::Growing) temporary_->putInPlace();
    return;
  }
  direct_ = ::open(path_.c_str(), O_WRONLY | O_CLOEXEC);
  if (direct_ < 0) throwCannotWrite(path_, errno);
}

OutputFile::~OutputFile() {
  if (direct_ > STDOUT_FILENO) ::close(direct_);
}

void OutputFile::write(std::string_view bytes) {
  if (temporary_) {
    temporary_->write(bytes);
    if (kind_ == Kind::Growing) temporary_->flush();
    return;
  }
  while (!bytes.empty()) {
    waitToWrite(direct_, path_);
    // What can be polled takes so many without waiting.
    const ssize_t count = ::write(direct_, bytes.data(), std::min<std::size_t>(bytes.size(), PIPE_BUF));
    if (count < 0 && errno != EINTR && errno != EAGAIN) throwCannotWrite(path_, errno);
    if (count > 0) bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

void OutputFile::commit() {
  if (!temporary_) return;
  temporary_->close();
  if (kind_ == Kind::Whole) temporary_->putInPlace();
}

}  // namespace app
