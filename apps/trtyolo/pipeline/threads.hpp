// How the program starts its threads.
#pragma once

#include <functional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

namespace app {

/// Runs `work`, which must not throw, in a thread of its own. The thread is joined by the destructor of what is
/// returned.
/// @throws std::runtime_error  the system has no thread left
inline std::jthread startThread(std::function<void()> work) {
  try {
    return std::jthread(std::move(work));
  } catch (const std::system_error& error) {
    throw std::runtime_error(std::string("a thread cannot be started: ") + error.what());
  }
}

}  // namespace app
