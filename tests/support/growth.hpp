// How time grows with size: for what must not take the square of it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <ctime>
#include <limits>

namespace trtyolo::test {

// Seconds of this thread's own processor time that `work` takes: the least of some tries.
template <typename Work>
double processorTime(const Work& work, int tries = 3) {
  double least = std::numeric_limits<double>::max();
  for (int i = 0; i < tries; ++i) {
    timespec begin{}, end{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
    work();
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
    least = std::min(least, static_cast<double>(end.tv_sec - begin.tv_sec) +
                                1e-9 * static_cast<double>(end.tv_nsec - begin.tv_nsec));
  }
  return least;
}

// How many times as long `work` takes on make(4 * size) as on make(size): 4 is linear, 16 the square.
template <typename Make, typename Work>
double growth(std::size_t size, const Make& make, const Work& work) {
  const auto small = make(size), large = make(4 * size);
  return processorTime([&] { work(large); }) / processorTime([&] { work(small); });
}

}  // namespace trtyolo::test
