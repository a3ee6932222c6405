// This program again, with the same command line, as a child process that is told lines and prints some (Linux).
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

namespace bench {

/// Whether this process is a Child of another.
bool isChild();

/// Called in the child: it is killed when its parent dies, and children of its own would be ordinary programs.
void beChild();

/// A child process; it does not outlive the object. Its standard error is ours.
class Child {
 public:
  /// @throws std::runtime_error  the program cannot be started
  Child();
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// Writes a line to its standard input. Nothing happens if it reads no more.
  void tell(const std::string& line);
  /// Waits for the next line of its standard output, or until `interrupted`, asked ten times a second, says so: then
  /// the line is empty.
  /// @throws std::runtime_error  it has ended; how is said
  std::string hear(const std::function<bool()>& interrupted);

 private:
  std::string end();

  pid_t process_ = -1;
  int input_ = -1, output_ = -1;
  std::string text_;  // printed and not yet heard
};

}  // namespace bench
