// The threads of predict where one cannot be started, where a step throws, and where any allocation fails: the caller
// gets an exception, every thread has ended, and nothing waits for ever.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <functional>
#include <limits>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "pipeline/pipeline.hpp"
#include "pipeline/stream_source.hpp"
#include "support/failures.hpp"
#include "support/temp_dir.hpp"

namespace app {
namespace {

using trtyolo::test::FailingAllocations;
using trtyolo::test::NoThreads;

/// Calls `work` with the first allocation failing, then with the second, and so on, until none failed any more; first
/// with one failure each, then with all from there on. `work` must not throw anything but what comes of that.
void withEachAllocationFailing(const std::function<void()>& work) {
  for (const long each : {1L, std::numeric_limits<long>::max() / 2}) {
    bool reached = true;
    for (long succeed = 0; reached; ++succeed) {
      bool threw = false;
      {
        const FailingAllocations failing(succeed, each);
        try {
          work();
        } catch (const std::bad_alloc&) {
          threw = true;
        }
        reached = failing.reached();
      }
      EXPECT_TRUE(reached || !threw);
      EXPECT_TRUE(reached || succeed > 0);
    }
  }
}

constexpr std::size_t kClones = 3, kBatches = 20;
constexpr int kThreads = 3 * kClones + 1;

/// Steps that allocate, and note in `written` what was written.
Steps stepsInto(std::vector<std::size_t>& written) {
  written.reserve(kBatches);
  const auto work = [](Batch& batch) { batch.items.front().error.assign(100, 'x'); };
  Steps steps;
  steps.read = [](Batch& batch) {
    if (batch.number == kBatches) return false;
    batch.items.resize(2);
    return true;
  };
  steps.skip = [] { return false; };
  steps.decode = steps.draw = work;
  steps.predict.assign(kClones, work);
  steps.write = [&written](const Batch& batch) {
    written.push_back(batch.number);
    return true;
  };
  return steps;
}

void expectInOrder(const std::vector<std::size_t>& written, std::size_t count) {
  ASSERT_EQ(written.size(), count);
  for (std::size_t i = 0; i < count; ++i) EXPECT_EQ(written[i], i);
}

TEST(Pipeline, WritesAllInOrder) {
  std::vector<std::size_t> written;
  const Steps steps = stepsInto(written);
  runPipeline(steps);
  expectInOrder(written, kBatches);
}

TEST(Pipeline, TracksInOrderWhicheverIsPredictedFirst) {
  std::vector<std::size_t> written, tracked;
  Steps steps = stepsInto(written);
  for (std::size_t i = 0; i < steps.predict.size(); ++i) {
    steps.predict[i] = [i](const Batch& batch) {
      if (batch.number % 2 == i % 2) std::this_thread::sleep_for(std::chrono::milliseconds(2));
    };
  }
  steps.track = [&tracked](const Batch& batch) { tracked.push_back(batch.number); };
  runPipeline(steps);
  expectInOrder(tracked, kBatches);
  expectInOrder(written, kBatches);
}

TEST(Pipeline, EndsWhereAThreadCannotBeStarted) {
  for (int started = 0; started < kThreads; ++started) {
    std::vector<std::size_t> written;
    const Steps steps = stepsInto(written);
    const NoThreads limit(started);
    EXPECT_THROW(runPipeline(steps), std::runtime_error) << started;
  }
  std::vector<std::size_t> written;
  const Steps steps = stepsInto(written);
  const NoThreads limit(kThreads);
  runPipeline(steps);
  expectInOrder(written, kBatches);
}

TEST(Pipeline, EndsWhereAnAllocationFails) {
  withEachAllocationFailing([] {
    std::vector<std::size_t> written;
    const Steps steps = stepsInto(written);
    runPipeline(steps);
    expectInOrder(written, kBatches);
  });
}

TEST(Pipeline, ThrowsWhatAStepThrowsAfterWhatComesBefore) {
  constexpr std::size_t kBad = 7;
  const auto bad = [](const Batch& batch) {
    if (batch.number == kBad) throw 5;
  };
  for (int step = 0; step < 6; ++step) {
    std::vector<std::size_t> written;
    Steps steps = stepsInto(written);
    if (step == 0) steps.read = [bad, read = steps.read](Batch& batch) { return bad(batch), read(batch); };
    if (step == 1) steps.decode = bad;
    if (step == 2) steps.predict.assign(kClones, bad);
    if (step == 3) steps.draw = bad;
    if (step == 4) steps.write = [bad, write = steps.write](Batch& batch) { return bad(batch), write(batch); };
    if (step == 5) steps.track = bad;
    EXPECT_THROW(runPipeline(steps), int) << step;
    expectInOrder(written, kBad);
  }
}

TEST(Pipeline, ThrowsWhatSkippingThrows) {
  std::vector<std::size_t> written;
  Steps steps = stepsInto(written);
  std::atomic<bool> skipped{false};
  steps.skip = [&]() -> bool {
    skipped = true;
    throw std::runtime_error("the camera is gone");
  };
  steps.draw = [&](Batch&) {
    while (!skipped) std::this_thread::yield();  // so that the reader has to skip
  };
  EXPECT_THROW(runPipeline(steps), std::runtime_error);
}

TEST(Pipeline, EndsWhenWriteWantsNoMore) {
  std::vector<std::size_t> written;
  Steps steps = stepsInto(written);
  steps.write = [&](const Batch& batch) {
    written.push_back(batch.number);
    return batch.number < 4;
  };
  runPipeline(steps);
  expectInOrder(written, 5);
}

class Streams : public testing::Test {
 protected:
  /// What comes of a source until it has ended.
  void follow(const Source& source, const std::function<void(Item&)>& take) {
    PixelBudget budget(std::size_t{1} << 28U);
    StreamSettings settings;
    settings.input.budget = &budget;
    StreamSource stream(source, "", pool_, settings, take);
    while (!stream.counts().ended) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    stream.rethrow();
  }

  const Source missing_{SourceKind::Missing, "nowhere.mp4", "no such file or folder"};
  trtyolo::Pool<> pool_{TRTYOLO_TEST_MODELS "/plugin.onnx"};
};

TEST_F(Streams, GiveResultsInOrder) {
  const trtyolo::test::TempDir folder;
  std::ofstream clip(folder / "clip.avi", std::ios::binary);  // photos in a row, which FFmpeg reads as a video
  for (const char* name : {"0600", "0613", "0626", "0639"}) {
    clip << std::ifstream(std::string(TRTYOLO_TEST_DATA "/people/frames/") + name + ".jpg", std::ios::binary).rdbuf();
  }
  clip.close();
  const Source video{SourceKind::Video, folder / "clip.avi", ""};
  std::vector<long> frames;
  follow(video, [&](const Item& item) {
    EXPECT_EQ(item.error, "");
    EXPECT_EQ(item.result.num, 2);
    frames.push_back(item.frame);
  });
  EXPECT_EQ(frames, (std::vector<long>{0, 1, 2, 3}));

  frames.clear();
  const auto failAtOne = [&](const Item& item) {
    frames.push_back(item.frame);
    if (item.frame == 1) throw 5;
  };
  EXPECT_THROW(follow(video, failAtOne), int);
  EXPECT_EQ(frames, (std::vector<long>{0, 1}));
}

TEST_F(Streams, EndWhereAThreadCannotBeStarted) {
  for (const int started : {0, 1}) {
    const NoThreads limit(started);
    EXPECT_THROW(follow(missing_, [](Item&) {}), std::runtime_error);
  }
}

TEST_F(Streams, EndWhereAnAllocationFails) {
  withEachAllocationFailing([&] {
    int items = 0;
    follow(missing_, [&](const Item& item) {
      ++items;
      EXPECT_TRUE(item.error == missing_.error || item.error == "there is not enough memory for it") << item.error;
    });
    EXPECT_EQ(items, 1);
  });
}

}  // namespace
}  // namespace app
