// Videos by the dozen that come and go over one pool, for as long as TRTYOLO_TEST_SECONDS says. Skipped where FFmpeg
// has no encoder of H.264 or no way to the GPU.
#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <iostream>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "cuda/gpu.hpp"
#include "gpu/engines.hpp"
#include "media/video_files.hpp"
#include "support/temp_dir.hpp"
#include "trtyolo/pool.hpp"
#include "trtyolo/video.hpp"

namespace trtyolo {
namespace {

constexpr int kStreams = 32, kFrames = 300;
constexpr double kMiB = 1 << 20;

double gpuMemory() {
  std::size_t free = 0, total = 0;
  cudaMemGetInfo(&free, &total);
  return static_cast<double>(total - free) / kMiB;
}

// Of this process, without what the C library keeps of freed memory.
double hostMemory() {
  malloc_trim(0);
  std::ifstream status("/proc/self/statm");
  double all = 0, resident = 0;
  status >> all >> resident;
  return resident * 4096 / kMiB;
}

// The engine that TRTYOLO_TEST_ENGINE names, or one of small batches.
std::string engineFile() {
  const char* const file = std::getenv("TRTYOLO_TEST_ENGINE");
  return file ? file : test::dynamicEngine();
}

// Each stream opens the video, reads some frames or all of them, takes the results in its order, and comes again.
// Nothing is lost, and when they have all gone memory is what it was when they had all gone before.
TEST(GpuStreamSoakTest, StreamsThatComeAndGo) {
  TRTYOLO_NEEDS_GPU();
  const char* const said = std::getenv("TRTYOLO_TEST_SECONDS");
  const double seconds = said ? std::atof(said) : 2;
  const test::TempDir folder;
  const std::string file = folder / "video.mp4";
  test::VideoSettings settings;
  settings.codec = "libx264";
  settings.width = 1280;
  settings.height = 720;
  settings.frames = kFrames;
  settings.gop = 30;
  if (!test::writeVideo(file, settings)) {
    GTEST_SKIP() << "FFmpeg has no encoder of H.264 here";
  }
  VideoOption onGpu;
  onGpu.gpu = 0;
  {
    VideoReader video(file, onGpu);
    video.read();
    if (!video.gpu()) {
      GTEST_SKIP() << video.whyNoGpu();
    }
  }
  Pool<> pool(engineFile());
  std::atomic<std::uint64_t> frames = 0, opened = 0, wrong = 0;
  const auto stream = [&](unsigned seed, std::chrono::steady_clock::time_point end) {
    std::minstd_rand random(seed);
    do {
      VideoReader video(file, onGpu);
      ++opened;
      const auto wanted = random() % 2 == 0 ? kFrames : random() % kFrames;
      std::deque<Ticket<>> tickets;
      std::uint64_t read = 0;
      const auto take = [&] {
        const Result result = tickets.front().get();
        wrong += result.imageWidth != settings.width || result.imageHeight != settings.height;
        tickets.pop_front();
      };
      while (read < wanted) {
        auto frame = video.read();
        if (!frame) {
          break;
        }
        wrong += frame->number != static_cast<std::int64_t>(read) || !frame->gpu;
        ++read;
        tickets.push_back(pool.submit({frame->image, std::move(frame->owner)}));
        if (tickets.size() >= 4) {
          take();
        }
      }
      while (!tickets.empty()) {
        take();
      }
      wrong += read != wanted;
      frames += read;
    } while (std::chrono::steady_clock::now() < end);
  };
  const auto run = [&](double duration) {
    std::vector<std::thread> threads;
    const auto end = std::chrono::steady_clock::now() + std::chrono::duration_cast<std::chrono::steady_clock::duration>(
                                                            std::chrono::duration<double>(duration));
    for (unsigned i = 0; i < kStreams; ++i) {
      threads.emplace_back(stream, static_cast<unsigned>(frames) + i + 1, end);
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
  };
  constexpr double kSettling = 20;  // what is taken for the first time stays
  run(std::min(seconds, kSettling));
  const double gpuBefore = gpuMemory(), hostBefore = hostMemory();
  frames = opened = 0;
  constexpr int kParts = 10;
  double gpu = gpuBefore, host = hostBefore;
  for (int part = 0; part < kParts; ++part) {
    run(seconds / kParts);
    gpu = gpuMemory();
    host = hostMemory();
    std::cout << opened << " streams, " << frames << " frames: " << gpu - gpuBefore << " MiB more on the GPU, "
              << host - hostBefore << " in the process" << std::endl;
  }
  EXPECT_EQ(wrong, 0U) << "of " << frames;
  EXPECT_EQ(pool.metrics().failed, 0U);
  EXPECT_LE(gpu - gpuBefore, 1.0);
  constexpr double kHostSlack = 8;  // the arenas of the C library
  EXPECT_LE(host - hostBefore, kHostSlack);
}

}  // namespace
}  // namespace trtyolo
