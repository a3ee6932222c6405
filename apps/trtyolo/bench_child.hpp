// Runs this program again as a child process and reads what it prints, line by line (POSIX).
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace app {

/// How a child ended.
struct ChildEnd {
  bool interrupted = false;  ///< it was killed because `interrupted` said so
  int status = 0;            ///< its exit status, if it exited
  int signal = 0;            ///< the signal that killed it, if one did
};

/// Starts this program with `arguments` (without its own name), hands each line of its standard output to `onLine` and
/// returns when it has ended. Its standard error is ours. While it runs `interrupted` is asked ten times a second; once
/// that is true the child is killed.
/// @throws std::runtime_error  the program cannot be started
ChildEnd runChild(const std::vector<std::string>& arguments, const std::function<void(const std::string&)>& onLine,
                  const std::function<bool()>& interrupted);

/// Called in the child: lets the system kill it when its parent dies (Linux; elsewhere it runs to its end).
void dieWithParent();

}  // namespace app
