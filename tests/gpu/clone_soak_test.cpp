// Many clones on one GPU for as long as TRTYOLO_TEST_SECONDS says.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <thread>

#include "cuda/gpu.hpp"
#include "gpu/engines.hpp"

namespace trtyolo {
namespace {

using test::engineOf;
using test::Picture;
using test::pictureOf;
using test::textOf;

// Clones made, used and dropped by many threads at once give what one model gives, and leave no memory behind.
TEST(GpuSoakTest, ManyClonesAtOnce) {
  TRTYOLO_NEEDS_GPU();
  const char* said = std::getenv("TRTYOLO_TEST_SECONDS");
  const double seconds = said ? std::atof(said) : 2;
  const auto references = test::goldenOf("detect");
  auto model = std::make_unique<DetectModel>(engineOf("detect", "f16"), test::bgr());
  std::vector<Picture> pictures;
  std::vector<std::string> expected;
  for (std::size_t i = 0; i < 8; ++i) {
    pictures.push_back(pictureOf("detect", references[i]));
    expected.push_back(textOf(model->predict(pictures.back().view())));
  }
  const auto freeMemory = [] {
    std::size_t free = 0, total = 0;
    cudaMemGetInfo(&free, &total);
    return static_cast<double>(free) / (1 << 20);
  };
  std::atomic<int> wrong = 0, calls = 0;
  const auto run = [&](double duration) {
    std::vector<std::thread> threads;
    const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(duration);
    for (std::size_t t = 0; t < 16; ++t) {
      threads.emplace_back([&, t] {
        std::size_t i = t;
        do {
          auto clone = model->clone();
          for (int call = 0; call < 20; ++call, ++i) {
            const std::size_t which = i % pictures.size();
            wrong += textOf(clone->predict(pictures[which].view())) != expected[which];
            ++calls;
          }
        } while (std::chrono::steady_clock::now() < end);
      });
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
  };
  // Until nothing more is taken for the first time: executors, and on each of them room for the largest picture, which
  // the last ones get only when chance brings it to them.
  constexpr double kLook = 5;
  constexpr int kMostLooks = 24, kCalm = 4;
  std::size_t taken = 0;
  for (int look = 0, calm = 0; look < kMostLooks && calm < kCalm; ++look) {
    run(std::min(seconds / 8, kLook));
    const std::size_t now = model->memory().total();
    calm = now == taken ? calm + 1 : 0;
    taken = now;
  }
  const double settled = freeMemory();
  constexpr int kParts = 10;
  for (int part = 0; part < kParts; ++part) {
    run(seconds / kParts);
    std::cout << calls << " calls: " << settled - freeMemory() << " MiB more on the GPU, by the library's count "
              << (static_cast<double>(model->memory().total()) - static_cast<double>(taken)) / (1 << 20) << " MiB"
              << std::endl;
  }
  EXPECT_EQ(wrong, 0) << "of " << calls << " calls";
  EXPECT_LE(settled - freeMemory(), 1.0);
}

}  // namespace
}  // namespace trtyolo
