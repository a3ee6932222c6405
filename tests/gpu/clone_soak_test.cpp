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
  const auto load = [] { return std::make_unique<DetectModel>(engineOf("detect", "f16"), test::bgr()); };
  auto model = load();
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
  // What CUDA and TensorRT take for the first time stays. Memory is compared when the model has gone: as long as it is
  // there, what is left of it may lie in one more of the blocks of 2 MiB, that CUDA gives memory in, or in one less.
  constexpr double kSettling = 15;
  run(std::min(seconds, kSettling));
  model.reset();
  const double before = freeMemory();
  model = load();
  constexpr int kParts = 10;
  for (int part = 0; part < kParts; ++part) {
    run(seconds / kParts);
    std::cout << calls << " calls: " << before - freeMemory() << " MiB on the GPU, the library counts "
              << static_cast<double>(model->memory().total()) / (1 << 20) << std::endl;
  }
  model.reset();
  EXPECT_EQ(wrong, 0) << "of " << calls << " calls";
  EXPECT_LE(before - freeMemory(), 1.0);
}

}  // namespace
}  // namespace trtyolo
