// This program again as a child process, that prints lines and may be told some (POSIX).
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace app {

/// How a child ended.
struct ChildEnd {
  bool interrupted = false;  ///< it was killed because `interrupted` said so
  int status = 0;            ///< its exit status, if it exited
  int signal = 0;            ///< the signal that killed it, if one did

  /// In words: "was killed by signal 9 (Killed), as the system does when memory runs out".
  std::string how() const;
};

/// A child process; it does not outlive the object. Its standard error is ours.
class Child {
 public:
  /// Starts this program with `arguments` (without its own name).
  /// @throws std::runtime_error  the program cannot be started
  explicit Child(const std::vector<std::string>& arguments);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// Writes a line to its standard input. Nothing happens if it reads no more.
  void tell(const std::string& line);
  /// Waits for the next line of its standard output; nothing at the end of that. Asked ten times a second meanwhile,
  /// `interrupted` ends it, too.
  std::optional<std::string> hear(const std::function<bool()>& interrupted = nullptr);
  void kill() const;
  /// Waits for its end. To be called once.
  ChildEnd wait();

 private:
  bool read();

  pid_t process_ = -1;
  int input_ = -1, output_ = -1;
  std::string text_;  ///< printed and not yet heard
};

/// Starts this program with `arguments`, hands each line of its standard output to `onLine` and returns when it has
/// ended. Once `interrupted` says so it is killed.
/// @throws std::runtime_error  the program cannot be started
ChildEnd runChild(const std::vector<std::string>& arguments, const std::function<void(const std::string&)>& onLine,
                  const std::function<bool()>& interrupted);

/// Called in the child: lets the system kill it when its parent dies (Linux; elsewhere it runs to its end).
void dieWithParent();

}  // namespace app
