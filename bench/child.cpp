// Child processes: see child.hpp.
#include "child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <vector>

namespace bench {
namespace {

constexpr const char* kVariable = "TRTYOLO_BENCH_CHILD";

/// Both ends of a pipe, of which a child inherits neither by itself.
struct Pipe {
  std::array<int, 2> ends{-1, -1};

  Pipe() {
    if (pipe2(ends.data(), O_CLOEXEC) != 0) {
      throw std::system_error(errno, std::generic_category(), "cannot make a pipe");
    }
  }
  ~Pipe() {
    for (const int end : ends) {
      if (end >= 0) close(end);
    }
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  int read() const { return ends[0]; }
  int write() const { return ends[1]; }
};

std::vector<char*> pointersTo(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

bool isChild() {
  return std::getenv(kVariable) != nullptr;
}

void beChild() {
  unsetenv(kVariable);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  std::signal(SIGINT, SIG_IGN);  // which a terminal sends to all; the parent ends this process
}

Child::Child() {
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  std::vector<std::string> words, variables{std::string(kVariable) + "=1"};
  for (std::string word; std::getline(file, word, '\0');) words.push_back(word);
  for (char** variable = environ; *variable != nullptr; ++variable) variables.emplace_back(*variable);

  const std::string program = std::filesystem::read_symlink("/proc/self/exe");
  Pipe toChild, fromChild;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, toChild.read(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, fromChild.write(), STDOUT_FILENO);
  const int failure = posix_spawn(&process_, program.c_str(), &actions, nullptr, pointersTo(words).data(),
                                  pointersTo(variables).data());
  posix_spawn_file_actions_destroy(&actions);
  if (failure != 0) {
    throw std::system_error(failure, std::generic_category(), "cannot start " + program);
  }
  input_ = std::exchange(toChild.ends[1], -1);
  output_ = std::exchange(fromChild.ends[0], -1);
}

Child::~Child() {
  if (process_ > 0) {
    kill(process_, SIGKILL);
    end();
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

std::string Child::hear(const std::function<bool()>& interrupted) {
  while (!interrupted()) {
    if (const std::size_t newline = text_.find('\n'); newline != std::string::npos) {
      std::string line = text_.substr(0, newline);
      text_.erase(0, newline + 1);
      return line;
    }
    pollfd wanted{output_, POLLIN, 0};
    if (poll(&wanted, 1, 100) <= 0) continue;  // nothing yet, or a signal
    std::array<char, 4096> buffer{};
    const ssize_t count = read(output_, buffer.data(), buffer.size());
    if (count == 0) throw std::runtime_error("a process that measured it " + end());
    if (count > 0) text_.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return "";
}

/// Waits for its end, and says in words how it came.
std::string Child::end() {
  int status = 0;
  while (waitpid(process_, &status, 0) < 0 && errno == EINTR) {
  }
  process_ = -1;
  if (!WIFSIGNALED(status)) return "ended with status " + std::to_string(WEXITSTATUS(status)) + " and no result";
  const int signal = WTERMSIG(status);
  const char* memory = signal == SIGKILL ? ", as the system does when memory runs out" : "";
  return "was killed by signal " + std::to_string(signal) + " (" + strsignal(signal) + ")" + memory;
}

}  // namespace bench
