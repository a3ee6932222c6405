// A progress bar on standard error: see progress.hpp.
#include "terminal/progress.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#if defined(_WIN32)
#include <io.h>
#else
#include <sys/ioctl.h>
#include <unistd.h>
#endif

namespace app {
namespace {

constexpr auto kPatience = std::chrono::seconds(1);
constexpr auto kInterval = std::chrono::milliseconds(100);
constexpr int kBarWidth = 30;

int terminalColumns() {
#if !defined(_WIN32)
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
#endif
  return 80;
}

std::string duration(double seconds) {
  const long whole = std::lround(seconds);
  if (whole < 3600) return fmt::format("{}:{:02}", whole / 60, whole % 60);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

std::string bar(double share) {
  const auto filled = static_cast<std::size_t>(share * kBarWidth);
  return fmt::format("[{:<{}}] {:3.0f} %", std::string(filled, '#'), kBarWidth, std::floor(share * 100));
}

}  // namespace

bool errorIsTerminal() {
#if defined(_WIN32)
  return _isatty(_fileno(stderr)) != 0;
#else
  return isatty(STDERR_FILENO) != 0;
#endif
}

Progress::Progress(bool enabled, Pace pace)
    : enabled_(enabled && errorIsTerminal()), pace_(pace), start_(Clock::now()), next_(start_ + kPatience) {}

Progress::~Progress() {
  clear();
}

void Progress::update(double share, const std::string& words) {
  const auto now = Clock::now();
  if (!enabled_ || now < next_) return;
  next_ = now + kInterval;
  const double elapsed = std::chrono::duration<double>(now - start_).count();
  std::string line;
  if (share < 0) {
    line = duration(elapsed) + "  " + words;
  } else {
    share = std::min(share, 1.0);
    line = bar(share) + "  " + words;
    if (pace_ == Pace::Uneven) {
      line += "  " + duration(elapsed);
    } else if (share > 0) {
      line += "  " + duration(elapsed * (1 - share) / share) + " left";
    }
  }
  // A line that wraps could not be redrawn in place.
  line.resize(std::min(line.size(), static_cast<std::size_t>(terminalColumns() - 1)));
  std::fprintf(stderr, "\r\033[K%s", line.c_str());
  std::fflush(stderr);
  drawn_ = true;
}

void Progress::clear() {
  if (!drawn_) return;
  std::fputs("\r\033[K", stderr);
  std::fflush(stderr);
  drawn_ = false;
}

}  // namespace app
