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
#include <utility>
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

/// Both ends of a pipe. Not those of the child keep to this process.
struct Pipe {
  int read = -1, write = -1;

  Pipe() {
    std::array<int, 2> ends{};
    if (pipe(ends.data()) != 0) throw std::system_error(errno, std::generic_category(), "cannot make a pipe");
    read = ends[0];
    write = ends[1];
    fcntl(read, F_SETFD, FD_CLOEXEC);
    fcntl(write, F_SETFD, FD_CLOEXEC);
  }
  ~Pipe() {
    for (const int end : {read, write}) {
      if (end >= 0) close(end);
    }
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
};

}  // namespace

std::string ChildEnd::how() const {
  if (signal == 0) return "ended with status " + std::to_string(status) + " and no result";
  std::string how = "was killed by signal " + std::to_string(signal) + " (" + strsignal(signal) + ")";
  if (signal == SIGKILL) how += ", as the system does when memory runs out";
  return how;
}

Child::Child(const std::vector<std::string>& arguments) {
  std::string program = ownProgram();
  std::vector<std::string> words = arguments;
  std::vector<char*> argv{program.data()};
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);

  Pipe toChild, fromChild;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, toChild.read, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, fromChild.write, STDOUT_FILENO);
  const int failure = posix_spawn(&process_, program.c_str(), &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failure != 0) throw std::system_error(failure, std::generic_category(), "cannot start " + program);
  input_ = std::exchange(toChild.write, -1);
  output_ = std::exchange(fromChild.read, -1);
}

Child::~Child() {
  if (process_ > 0) {
    kill();
    wait();
  }
  close(input_);
  close(output_);
}

void Child::tell(const std::string& line) {
  const std::string text = line + '\n';
  const auto old = std::signal(SIGPIPE, SIG_IGN);
  for (std::size_t at = 0; at < text.size();) {
    const ssize_t count = write(input_, text.data() + at, text.size() - at);
    if (count < 0 && errno != EINTR) break;  // it has ended, which hear() tells
    if (count > 0) at += static_cast<std::size_t>(count);
  }
  std::signal(SIGPIPE, old);
}

std::optional<std::string> Child::hear(const std::function<bool()>& interrupted) {
  for (bool more = true;;) {
    if (const std::size_t newline = text_.find('\n'); newline != std::string::npos) {
      std::string line = text_.substr(0, newline);
      text_.erase(0, newline + 1);
      return line;
    }
    if (!more || (interrupted && interrupted())) return std::nullopt;
    more = read();
  }
}

void Child::kill() const {
  ::kill(process_, SIGKILL);
}

ChildEnd Child::wait() {
  int status = 0;
  while (waitpid(process_, &status, 0) < 0 && errno == EINTR) {
  }
  process_ = -1;
  ChildEnd end;
  if (WIFEXITED(status)) end.status = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) end.signal = WTERMSIG(status);
  return end;
}

/// Takes what the child has printed, waiting a tenth of a second at most for it. False at the end of its output.
bool Child::read() {
  pollfd wanted{output_, POLLIN, 0};
  if (poll(&wanted, 1, 100) <= 0) return true;  // nothing yet, or a signal: the caller asks what to do
  std::array<char, 4096> buffer{};
  const ssize_t count = ::read(output_, buffer.data(), buffer.size());
  if (count > 0) text_.append(buffer.data(), static_cast<std::size_t>(count));
  return count > 0 || (count < 0 && errno == EINTR);
}

ChildEnd runChild(const std::vector<std::string>& arguments, const std::function<void(const std::string&)>& onLine,
                  const std::function<bool()>& interrupted) {
  Child child(arguments);
  while (const auto line = child.hear(interrupted)) onLine(*line);
  const bool ended = interrupted();
  if (ended) child.kill();
  ChildEnd end = child.wait();
  end.interrupted = ended;
  return end;
}

void dieWithParent() {
#if defined(__linux__)
  prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
}

}  // namespace app
