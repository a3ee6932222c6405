// Child processes: see bench_child.hpp.
#include "bench_child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <system_error>
#if defined(__APPLE__)
#include <mach-o/dyld.h>
#elif defined(__linux__)
#include <sys/prctl.h>
#endif

extern char** environ;

namespace app {
namespace {

std::string ownProgram() {
  std::array<char, PATH_MAX> path{};
#if defined(__APPLE__)
  auto size = static_cast<uint32_t>(path.size());
  if (_NSGetExecutablePath(path.data(), &size) == 0) return path.data();
#else
  if (readlink("/proc/self/exe", path.data(), path.size() - 1) > 0) return path.data();
#endif
  throw std::runtime_error("cannot tell the path of this program, which bench runs again for each row");
}

/// The reading end of a pipe and the process that writes to it; neither outlives the object.
class Child {
 public:
  explicit Child(const std::vector<std::string>& arguments) {
    std::string program = ownProgram();
    std::vector<std::string> words = arguments;
    std::vector<char*> argv{program.data()};
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);

    std::array<int, 2> ends{};
    if (pipe(ends.data()) != 0) throw std::system_error(errno, std::generic_category(), "cannot make a pipe");
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addclose(&actions, ends[1]);
    const int failure = posix_spawn(&process_, program.c_str(), &actions, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    output_ = ends[0];
    if (failure != 0) {
      close(output_);
      throw std::system_error(failure, std::generic_category(), "cannot start " + program);
    }
  }

  ~Child() {
    if (process_ > 0) {
      kill();
      wait();
    }
    close(output_);
  }

  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  void kill() const { ::kill(process_, SIGKILL); }

  /// The status as waitpid() gives it.
  int wait() {
    int status = 0;
    while (waitpid(process_, &status, 0) < 0 && errno == EINTR) {
    }
    process_ = -1;
    return status;
  }

  /// Appends what the child has printed, waiting a tenth of a second at most for it. False at the end of its output.
  bool read(std::string& text) const {
    pollfd wanted{output_, POLLIN, 0};
    if (poll(&wanted, 1, 100) <= 0) return true;  // nothing yet, or a signal: the caller asks what to do
    std::array<char, 4096> buffer{};
    const ssize_t count = ::read(output_, buffer.data(), buffer.size());
    if (count > 0) text.append(buffer.data(), static_cast<std::size_t>(count));
    return count > 0 || (count < 0 && errno == EINTR);
  }

 private:
  pid_t process_ = -1;
  int output_ = -1;
};

}  // namespace

ChildEnd runChild(const std::vector<std::string>& arguments, const std::function<void(const std::string&)>& onLine,
                  const std::function<bool()>& interrupted) {
  Child child(arguments);
  ChildEnd end;
  std::string text;
  for (bool more = true; more;) {
    more = child.read(text);
    for (std::size_t newline = 0; (newline = text.find('\n')) != std::string::npos;) {
      onLine(text.substr(0, newline));
      text.erase(0, newline + 1);
    }
    if (interrupted()) {
      end.interrupted = true;
      child.kill();
      break;
    }
  }
  const int status = child.wait();
  if (WIFEXITED(status)) end.status = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) end.signal = WTERMSIG(status);
  return end;
}

void dieWithParent() {
#if defined(__linux__)
  prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
}

}  // namespace app
