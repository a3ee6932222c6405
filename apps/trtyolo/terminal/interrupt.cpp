// Ctrl-C and SIGTERM: see interrupt.hpp.
#include "terminal/interrupt.hpp"

#include <atomic>
#include <csignal>

namespace app {
namespace {

std::atomic<bool> seen{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler writes it");

extern "C" void onInterrupt(int signal) {
  seen.store(true);
  std::signal(signal, SIG_DFL);  // the second one ends the program
}

}  // namespace

void watchInterrupts() {
  std::signal(SIGINT, onInterrupt);
  std::signal(SIGTERM, onInterrupt);
#if defined(SIGPIPE)
  std::signal(SIGPIPE, SIG_IGN);  // what cannot be written is an error, and unfinished files go
#endif
}

bool interrupted() {
  return seen.load();
}

}  // namespace app
