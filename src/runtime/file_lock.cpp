#include "runtime/file_lock.hpp"

#if !defined(_WIN32)
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#endif

namespace trtyolo {

#if defined(_WIN32)

FileLock::FileLock(const std::string& path, const std::function<void()>&) : path_(path) {}
FileLock::~FileLock() = default;

#else

namespace {

// flock() is of the open file, not of the process: it holds threads apart too.
bool lock(int file, const std::function<void()>& onWait) {
  if (flock(file, LOCK_EX | LOCK_NB) == 0) {
    return true;
  }
  if (errno != EWOULDBLOCK) {
    return false;
  }
  onWait();
  while (flock(file, LOCK_EX) != 0) {
    if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

// Whether the file is still the one at the path: whoever held the lock before has removed it.
bool isAt(int file, const std::string& path) {
  struct stat opened {
  }, there{};
  return fstat(file, &opened) == 0 && stat(path.c_str(), &there) == 0 && opened.st_dev == there.st_dev &&
         opened.st_ino == there.st_ino;
}

}  // namespace

FileLock::FileLock(const std::string& path, const std::function<void()>& onWait) : path_(path) {
  constexpr int kReadableByAll = 0644;
  bool said = false;
  const auto sayOnce = [&] {
    if (!said) {
      said = true;
      onWait();
    }
  };
  for (;;) {
    file_ = open(path_.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, kReadableByAll);
    if (file_ < 0) {
      return;
    }
    if (!lock(file_, sayOnce)) {
      close(file_);
      file_ = -1;
      return;
    }
    if (isAt(file_, path_)) {
      return;
    }
    close(file_);
  }
}

FileLock::~FileLock() {
  if (file_ >= 0) {
    unlink(path_.c_str());  // before the lock goes: it is nobody else's until then
    close(file_);
  }
}

#endif

}  // namespace trtyolo
