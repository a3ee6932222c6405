// A lock between threads and processes.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>

namespace trtyolo {

// Holds the lock of a path for its lifetime; one at a time does, of all threads and processes of the machine. The lock
// ends with its process, too. Its file is made for the purpose and removed at the end.
// Where files cannot be locked (some network file systems; Windows, for now) only threads of one process exclude each
// other. To be destroyed in the thread that made it.
class FileLock {
 public:
  // Waits for the lock; if it has to, `onWait` is called once before.
  FileLock(const std::string& path, const std::function<void()>& onWait);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

  bool held() const { return file_ >= 0; }  // false where files cannot be locked

 private:
  std::string path_;
  std::shared_ptr<std::mutex> mutex_;  // of this process, for the path
  std::unique_lock<std::mutex> here_;
  int file_ = -1;
};

}  // namespace trtyolo
