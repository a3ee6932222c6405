// Signals: Ctrl-C and SIGTERM end the program, at once or as soon as its results are complete.
#pragma once

#include <atomic>
#include <string>

namespace app {

/// From now on SIGINT and SIGTERM end the program at once, whatever it is doing, with 128 and the signal's number as
/// its status; unfinished files are removed. Writing to a pipe that nobody reads, or past the limit of a file's size,
/// is an error (EPIPE, EFBIG), and no signal.
void watchSignals();

/// While one exists the first SIGINT or SIGTERM only sets the flag, which the work that goes on looks at; the second
/// one ends the program as above. One at a time.
class GracefulEnd {
 public:
  GracefulEnd();
  ~GracefulEnd();
  GracefulEnd(const GracefulEnd&) = delete;
  GracefulEnd& operator=(const GracefulEnd&) = delete;
};

/// True after a SIGINT or SIGTERM that was to be looked at. Any thread.
bool interrupted();

/// The exit status after it: 130 or 143.
int interruptStatus();

/// Ends the process without waiting for threads, which may be held up by a device or a network.
[[noreturn]] void leave(int status);

/// Names a file that is to be removed if a signal ends the process while this exists. Any thread.
class UnfinishedFile {
 public:
  explicit UnfinishedFile(const std::string& name);
  ~UnfinishedFile();
  UnfinishedFile(const UnfinishedFile&) = delete;
  UnfinishedFile& operator=(const UnfinishedFile&) = delete;

 private:
  std::atomic<char*>* place_ = nullptr;  ///< null if there are too many
};

}  // namespace app
