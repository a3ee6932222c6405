// Model::memory() on a GPU, held against what the driver says, and where memory comes and goes.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <future>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "cuda/gpu.hpp"
#include "gpu/engines.hpp"

namespace trtyolo {
namespace {

using test::dynamicEngine;
using test::engineOf;
using test::Picture;
using test::pictureOf;
using test::textOf;

constexpr double kMegabyte = 1e6;

double freeMegabytes() {
  std::size_t free = 0, total = 0;
  EXPECT_EQ(cudaMemGetInfo(&free, &total), cudaSuccess);
  return static_cast<double>(free) / kMegabyte;
}

double megabytes(std::size_t bytes) {
  return static_cast<double>(bytes) / kMegabyte;
}

void print(const char* what, const MemoryUse& use) {
  std::cout << what << ": engine " << megabytes(use.engine) << ", contexts " << megabytes(use.contexts) << ", scratch "
            << megabytes(use.scratch) << ", buffers " << megabytes(use.buffers) << ", pinned " << megabytes(use.pinned)
            << " MB, " << use.executors << " executors\n";
}

// Runs all models at once until there are as many executors.
void runAtOnce(const std::vector<DetectModel*>& models, Picture& picture) {
  const int wanted = static_cast<int>(models.size());
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  std::atomic<int> failed = 0;
  std::vector<std::thread> threads;
  for (DetectModel* model : models) {
    threads.emplace_back([&, model] {
      try {
        do {
          model->predict(picture.view());
        } while (model->memory().executors < wanted && std::chrono::steady_clock::now() < end);
        // Each executor has run when all threads have done some more.
        for (int i = 0; i < 20; ++i) {
          model->predict(picture.view());
        }
      } catch (const std::exception& error) {
        std::cerr << error.what() << '\n';
        ++failed;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(failed, 0);
}

TEST(GpuMemoryTest, PartsSumToWhatTheDriverSays) {
  TRTYOLO_NEEDS_GPU();
  Picture picture = test::firstPicture();
  const std::string engine = engineOf("detect", "f16");
  DetectModel(engine, test::bgr()).predict(picture.view());  // what CUDA loads once and keeps
  const double before = freeMegabytes();
  DetectModel model(engine, test::bgr());
  const MemoryUse loaded = model.memory();
  for (int i = 0; i < 3; ++i) {
    model.predict(picture.view());
  }
  const double taken = before - freeMegabytes();
  const MemoryUse use = model.memory();
  print("loaded", loaded);
  print("run", use);
  std::cout << "by the driver: " << taken << " MB\n";
  EXPECT_GT(loaded.engine, 1U << 20);
  EXPECT_EQ(loaded.contexts + loaded.scratch + loaded.buffers + loaded.pinned, 0U);
  EXPECT_EQ(loaded.executors, 0);
  EXPECT_EQ(use.engine, loaded.engine);
  EXPECT_GT(use.scratch, 1U << 20);
  EXPECT_GT(use.buffers, std::size_t{3} * 640 * 640 * 2);
  EXPECT_GT(use.pinned, 0U);
  EXPECT_EQ(use.executors, 1);
  EXPECT_NEAR(taken, megabytes(use.total()), 0.1 * megabytes(use.total()) + 40);
}

TEST(GpuMemoryTest, IdleClonesTakeNothing) {
  TRTYOLO_NEEDS_GPU();
  Picture picture = test::firstPicture();
  DetectModel model(engineOf("detect", "f16"), test::bgr());
  for (int i = 0; i < 3; ++i) {
    model.predict(picture.view());
  }
  const MemoryUse one = model.memory();
  const double before = freeMegabytes();
  std::vector<std::unique_ptr<DetectModel>> clones;
  while (clones.size() < 32) {
    clones.push_back(model.clone());
  }
  EXPECT_LT(before - freeMegabytes(), 32.0);
  EXPECT_EQ(model.memory().total(), one.total());
  EXPECT_EQ(model.memory().pinned, one.pinned);

  // One after the other they share one executor.
  for (const auto& clone : clones) {
    clone->predict(picture.view());
  }
  EXPECT_EQ(model.memory().executors, 1);
  EXPECT_EQ(model.memory().total(), one.total());
  EXPECT_LT(before - freeMegabytes(), 32.0);
}

TEST(GpuMemoryTest, ClonesAtWorkTakeTheSameEachAndGiveItBack) {
  TRTYOLO_NEEDS_GPU();
  Picture picture = test::firstPicture();
  DetectModel model(engineOf("detect", "f16"), test::bgr());
  for (int i = 0; i < 3; ++i) {
    model.predict(picture.view());
  }
  const MemoryUse one = model.memory();
  const auto round = [&] {
    std::vector<std::unique_ptr<DetectModel>> clones;
    std::vector<DetectModel*> all{&model};
    while (clones.size() < 3) {
      clones.push_back(model.clone());
      all.push_back(clones.back().get());
    }
    runAtOnce(all, picture);
    return model.memory();
  };
  MemoryUse four = round();
  const double settled = freeMegabytes();
  four = round();
  print("one", one);
  print("four", four);
  ASSERT_EQ(four.executors, 4);
  EXPECT_EQ(four.engine, one.engine);
  EXPECT_EQ(four.scratch, 4 * one.scratch);
  EXPECT_EQ(four.buffers, 4 * one.buffers);
  EXPECT_NEAR(megabytes(four.contexts), 4 * megabytes(one.contexts), 1.0);

  const MemoryUse after = model.memory();
  print("postprocess", after);
  EXPECT_EQ(after.executors, 1);
  EXPECT_EQ(after.scratch, one.scratch);
  EXPECT_EQ(after.buffers, one.buffers);
  EXPECT_EQ(after.pinned, one.pinned);
  EXPECT_NEAR(megabytes(after.contexts), megabytes(one.contexts), 1.0);
  EXPECT_LE(std::abs(settled - freeMegabytes()), 2.1);  // a page of the driver
}

TEST(GpuMemoryTest, ModelsGiveEverythingBack) {
  TRTYOLO_NEEDS_GPU();
  Picture picture = test::firstPicture();
  const std::string engine = engineOf("detect", "f16");
  const auto round = [&] {
    DetectModel model(engine, test::bgr());
    auto clone = model.clone();
    runAtOnce({&model, clone.get()}, picture);
  };
  round();
  const double settled = freeMegabytes();
  for (int i = 0; i < 3; ++i) {
    round();
  }
  EXPECT_LE(settled - freeMegabytes(), 2.0);
}

TEST(GpuMemoryTest, TheBareNetworkIsCountedWhileItRuns) {
  TRTYOLO_NEEDS_GPU();
  Picture picture = test::firstPicture();
  DetectModel model(engineOf("detect", "f16"), test::bgr());
  for (int i = 0; i < 3; ++i) {
    model.predict(picture.view());
  }
  const MemoryUse one = model.memory();
  auto network = std::async(std::launch::async, [&] { return model.measureNetwork(3, 0.5); });
  std::size_t most = 0;
  while (network.wait_for(std::chrono::milliseconds(1)) != std::future_status::ready) {
    most = std::max(most, model.memory().scratch);
  }
  EXPECT_FALSE(network.get().latencies.empty());
  EXPECT_EQ(most, 4 * one.scratch);
  EXPECT_EQ(model.memory().scratch, one.scratch);
  EXPECT_EQ(model.memory().buffers, one.buffers);
}

// The engine of shapes_test.cpp.
// Scratch is what the largest input so far needs, not what the largest of all would, and what was captured before it
// moved is not run again.
TEST(GpuMemoryTest, ScratchGrowsWithTheInput) {
  TRTYOLO_NEEDS_GPU();
  Picture picture = test::firstPicture();
  DetectModel model(dynamicEngine(), test::bgr().setBatch(4));
  // Pictures whose network inputs are 640 x 320 and 640 x 480.
  const int low = picture.width / 2, high = picture.width * 3 / 4;
  ASSERT_LE(high, picture.height);
  const auto run = [&](int height, std::size_t count) {
    const std::vector<Image> images(count, Image(picture.pixels.data(), picture.width, height));
    std::string text;
    for (int i = 0; i < 3; ++i) {  // enqueued, captured, replayed
      const std::string again = textOf(model.predict(images).back());
      EXPECT_TRUE(text.empty() || text == again);
      text = again;
    }
    return text;
  };
  const auto scratch = [&] { return model.memory().scratch; };

  const std::string ofLow = run(low, 1);
  const std::size_t least = scratch();
  const std::string ofHigh = run(high, 1);
  const std::size_t one = scratch();
  EXPECT_EQ(run(low, 1), ofLow);
  EXPECT_EQ(scratch(), one);
  const std::string ofFour = run(high, 4);
  const std::size_t four = scratch();
  EXPECT_EQ(run(low, 1), ofLow);
  EXPECT_EQ(run(high, 1), ofHigh);
  EXPECT_EQ(run(high, 4), ofFour);
  EXPECT_EQ(scratch(), four);
  std::cout << "scratch " << megabytes(least) << " MB, " << megabytes(one) << " MB, " << megabytes(four) << " MB\n";
  EXPECT_GT(least, 0U);
  EXPECT_LT(least, one);
  EXPECT_LT(one, four);
}

}  // namespace
}  // namespace trtyolo
