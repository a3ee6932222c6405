// What the steps of predict have in common.
#pragma once

#include <chrono>
#include <exception>

#include "pipeline/item.hpp"
#include "terminal/reason.hpp"

namespace app {

/// Runs `work` and adds the milliseconds it took to `total`.
template <typename Work>
auto timed(double& total, const Work& work) {
  struct Stopwatch {
    double& total;
    std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
    ~Stopwatch() {
      total += std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
    }
  } const stopwatch{total};
  return work();
}

/// Does `work` for an item without an error; what it throws becomes the item's error. False if there is one.
template <typename Work>
bool withErrors(Item& item, const Work& work) {
  if (!item.error.empty()) return false;
  try {
    work();
    return true;
  } catch (const std::exception& error) {
    item.error = reasonOf(error);
    item.releaseImage();
    return false;
  }
}

}  // namespace app
