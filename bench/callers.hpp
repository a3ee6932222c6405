// Threads that call again and again, and what their calls took.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <thread>
#include <vector>

namespace bench {

/// The value that the part `part`, from 0 to 1, of `values` does not exceed. Not empty.
inline double percentileOf(std::vector<double> values, double part) {
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(part * static_cast<double>(values.size() - 1))];
}

inline double medianOf(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// Calls of all threads together.
struct Slice {
  double callsPerSecond = 0;
  std::vector<double> latencies;  // milliseconds
};

/// `threads` threads, each of which calls `call` with its number, from 0, for `seconds`, and once at least.
/// @throws std::runtime_error  if one throws; what it says is on stderr
template <typename Call>
Slice callFor(double seconds, std::size_t threads, const Call& call) {
  using Clock = std::chrono::steady_clock;
  std::vector<std::vector<double>> latencies(threads);
  std::atomic<bool> failed = false;
  const auto begin = Clock::now();
  std::vector<std::thread> callers;
  for (std::size_t i = 0; i < threads; ++i) {
    callers.emplace_back([&, i] {
      try {
        auto start = Clock::now();
        do {
          call(i);
          const auto end = Clock::now();
          latencies[i].push_back(std::chrono::duration<double, std::milli>(end - start).count());
          start = end;
        } while (std::chrono::duration<double>(start - begin).count() < seconds);
      } catch (const std::exception& error) {
        std::cerr << error.what() << '\n';
        failed = true;
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  if (failed) throw std::runtime_error("a call failed");
  Slice slice;
  const double elapsed = std::chrono::duration<double>(Clock::now() - begin).count();
  for (const auto& part : latencies) slice.latencies.insert(slice.latencies.end(), part.begin(), part.end());
  slice.callsPerSecond = static_cast<double>(slice.latencies.size()) / elapsed;
  return slice;
}

}  // namespace bench
