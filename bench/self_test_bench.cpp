// What the self-test of a file costs whoever loads it.
//
//   self_test_bench MODEL [ROUNDS]
//
// MODEL has a self-test (trtyolo self-test MODEL). A line for loading it without and with the test: milliseconds that
// loading takes, and MB of resident memory afterwards and after the first predict(), which allocates by itself; the
// medians of as many processes, in turn.
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <string>
#include <vector>

#include "trtyolo.hpp"

namespace {

using namespace trtyolo;
using Clock = std::chrono::steady_clock;
using Figures = std::array<double, 4>;  // loading, memory after it, the first predict(), memory after that

double residentMegabytes() {
  std::size_t pages = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> pages >> resident;
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1e6;
}

double millisecondsSince(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

Figures measure(const std::string& file, SelfTest mode) {
  Figures figures{};
  Clock::time_point start = Clock::now();
  Model model = Model::load(file, InferOption().setSelfTest(mode));
  figures[0] = millisecondsSince(start);
  figures[1] = residentMegabytes();
  const std::vector<std::uint8_t> pixels(std::size_t{640} * 480 * 3, 100);
  start = Clock::now();
  model.predict(Image(pixels.data(), 640, 480));
  figures[2] = millisecondsSince(start);
  figures[3] = residentMegabytes();
  return figures;
}

// In a process of its own, so that no memory is there before.
Figures measureApart(const std::string& file, SelfTest mode) {
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) {
    throw Error("no pipe can be made");
  }
  const pid_t child = fork();
  if (child == 0) {
    try {
      const Figures figures = measure(file, mode);
      const auto written = write(ends[1], figures.data(), sizeof(figures));
      _exit(written == sizeof(figures) ? 0 : 1);
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s\n", error.what());
      _exit(1);
    }
  }
  Figures figures{};
  close(ends[1]);
  const auto size = read(ends[0], figures.data(), sizeof(figures));
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (size != sizeof(figures) || status != 0) {
    throw Error("the measuring process failed");
  }
  return figures;
}

}  // namespace

int main(int count, char** arguments) {
  const int rounds = count > 2 ? std::atoi(arguments[2]) : 10;
  if (count < 2 || rounds < 1) {
    std::fputs("Usage: self_test_bench MODEL [ROUNDS]\n", stderr);
    return 2;
  }
  const std::array<SelfTest, 2> modes{SelfTest::Off, SelfTest::Refuse};
  std::array<std::array<std::vector<double>, 4>, 2> all;
  try {
    for (int round = 0; round < rounds; ++round) {
      for (std::size_t mode = 0; mode < modes.size(); ++mode) {
        const Figures figures = measureApart(arguments[1], modes[mode]);
        for (std::size_t i = 0; i < figures.size(); ++i) {
          all[mode][i].push_back(figures[i]);
        }
      }
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "self_test_bench: %s\n", error.what());
    return 1;
  }
  std::printf("%-8s %10s %12s %14s %12s\n", "test", "load ms", "then MB", "predict ms", "then MB");
  for (std::size_t mode = 0; mode < modes.size(); ++mode) {
    std::printf("%-8s", toString(modes[mode]));
    for (const int i : {0, 1, 2, 3}) {
      std::printf(" %*.1f", i == 0 ? 10 : i == 2 ? 14 : 12, percentile(all[mode][static_cast<std::size_t>(i)], 50));
    }
    std::printf("\n");
  }
  return 0;
}
