// Signals: see interrupt.hpp.
#include "terminal/interrupt.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <memory>

#if !defined(_WIN32)
#include <unistd.h>
#endif

namespace app {
namespace {

constexpr int kSignalled = 128;       // and the number of the signal, as shells count
constexpr std::size_t kFiles = 4096;  // names that are remembered at once

std::atomic<int> graceful{0}, seen{0};
std::array<std::atomic<char*>, kFiles> unfinished{};
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<char*>::is_always_lock_free,
              "a signal handler uses them");

[[noreturn]] void endNow(int status) {
#if defined(_WIN32)
  std::_Exit(status);
#else
  for (auto& file : unfinished) {
    if (const char* const name = file.exchange(nullptr)) ::unlink(name);
  }
  ::_exit(status);
#endif
}

extern "C" void onInterrupt(int signal) {
  int none = 0;
  if (graceful.load() == 0 || !seen.compare_exchange_strong(none, signal)) endNow(kSignalled + signal);
#if defined(_WIN32)
  std::signal(signal, onInterrupt);
#endif
}

}  // namespace

void watchSignals() {
  std::signal(SIGINT, onInterrupt);
  std::signal(SIGTERM, onInterrupt);
#if !defined(_WIN32)
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
#endif
}

GracefulEnd::GracefulEnd() {
  graceful.store(1);
}

GracefulEnd::~GracefulEnd() {
  graceful.store(0);
}

bool interrupted() {
  return seen.load() != 0;
}

int interruptStatus() {
  return kSignalled + seen.load();
}

void leave(int status) {
  endNow(status);
}

UnfinishedFile::UnfinishedFile(const std::string& name) {
  auto copy = std::make_unique<char[]>(name.size() + 1);
  std::copy(name.begin(), name.end(), copy.get());
  for (auto& place : unfinished) {
    char* none = nullptr;
    if (place.load() != nullptr || !place.compare_exchange_strong(none, copy.get())) continue;
    (void)copy.release();  // NOLINT(bugprone-unused-return-value): the place has it
    place_ = &place;
    return;
  }
}

UnfinishedFile::~UnfinishedFile() {
  if (place_ != nullptr) delete[] place_->exchange(nullptr);
}

}  // namespace app
