#include "base/file_lock.hpp"

#if !defined(_WIN32)
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#endif

#include <map>

namespace trtyolo {
namespace {

// One for each path that somebody holds or waits for.
std::shared_ptr<std::mutex> mutexFor(const std::string& path) {
  static std::mutex ofAll;
  static std::map<std::string, std::weak_ptr<std::mutex>> known;
  const std::lock_guard lock(ofAll);
  std::erase_if(known, [](const auto& entry) { return entry.second.expired(); });
  std::shared_ptr<std::mutex> mutex = known[path].lock();
  if (!mutex) {
    mutex = std::make_shared<std::mutex>();
    known[path] = mutex;
  }
  return mutex;
}

#if !defined(_WIN32)

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

// Whether the file is still the one at the path: the previous holder of the lock may have removed it.
bool isAt(int file, const std::string& path) {
  struct stat opened {
  }, there{};
  return fstat(file, &opened) == 0 && stat(path.c_str(), &there) == 0 && opened.st_dev == there.st_dev &&
         opened.st_ino == there.st_ino;
}

#endif

}  // namespace

FileLock::FileLock(const std::string& path, const std::function<void()>& onWait)
    : path_(path), mutex_(mutexFor(path)), here_(*mutex_, std::try_to_lock) {
  bool told = false;
  const auto tellOnce = [&] {
    if (!told) {
      told = true;
      onWait();
    }
  };
  if (!here_.owns_lock()) {
    tellOnce();
    here_.lock();
  }
#if !defined(_WIN32)
  constexpr int kReadableByAll = 0644;
  for (;;) {
    file_ = open(path_.c_str(), O_CREAT | O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, kReadableByAll);
    if (file_ < 0) {
      return;
    }
    if (!lock(file_, tellOnce)) {
      close(file_);
      file_ = -1;
      return;
    }
    if (isAt(file_, path_)) {
      return;
    }
    close(file_);
  }
#endif
}

FileLock::~FileLock() {
#if !defined(_WIN32)
  if (file_ >= 0) {
    unlink(path_.c_str());  // before it is unlocked: until then nobody else holds it
    flock(file_, LOCK_UN);  // a forked process may have the file open still
    close(file_);
  }
#endif
}

}  // namespace trtyolo
