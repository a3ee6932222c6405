// What profilers are told of predict() and of pools.
#include <gtest/gtest.h>

#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/tiny_model.hpp"
#include "trtyolo.hpp"
#include "trtyolo/pool.hpp"

namespace trtyolo {
namespace {

using Parts = std::vector<std::string>;

// What this thread was told since the last look, as "+part" and "-part".
thread_local Parts told;

Parts take() {
  return std::exchange(told, {});
}

void record(const char* part, bool begins) {
  told.push_back(std::string(begins ? "+" : "-").append(part));
}

class TraceTest : public testing::Test {
 protected:
  TraceTest() {
    setTrace(&record);
    take();
  }
  ~TraceTest() override { setTrace(nullptr); }

  test::TempDir dir_;
  DetectModel model_{test::writeTinyModel(
      dir_, "tiny", {{1, 3, 64, 64}, {test::detectorOutput(2, 8, {{32, 32, 20, 10, 1, 0.9F}})}, "", false})};
  std::vector<unsigned char> pixels_ = std::vector<unsigned char>(64 * 64 * 3, 50);
  const Image image_ = Image(pixels_.data(), 64, 64);
  const Parts run_{"+preprocess", "-preprocess", "+inference", "-inference", "+postprocess", "-postprocess"};

  Parts within(const std::string& part, int runs) const {
    Parts parts{std::string("+").append(part)};
    for (int i = 0; i < runs; ++i) {
      parts.insert(parts.end(), run_.begin(), run_.end());
    }
    parts.push_back(std::string("-").append(part));
    return parts;
  }
};

TEST_F(TraceTest, ACall) {
  model_.predict(image_);
  EXPECT_EQ(take(), within("predict", 1));
  model_.predict(std::vector<Image>(3, image_));
  EXPECT_EQ(take(), within("predict", 3));
}

TEST_F(TraceTest, ACallThatThrows) {
  EXPECT_THROW(model_.predict(Image(nullptr, 64, 64)), std::invalid_argument);
  EXPECT_EQ(take(), (Parts{"+predict", "-predict"}));
}

TEST_F(TraceTest, RunsOfAPool) {
  Pool<DetectModel> pool(model_);
  pool.predict(image_);  // alone: in this thread
  EXPECT_EQ(take(), within("pool run", 1));
}

TEST_F(TraceTest, NobodyIsToldAnyMore) {
  setTrace(nullptr);
  model_.predict(image_);
  EXPECT_EQ(take(), Parts{});
}

// An end is told to whoever was told of the beginning.
TEST_F(TraceTest, ChangedWhileOthersPredict) {
  static std::mutex mutex;
  static int open;
  open = 0;
  const auto count = [](const char*, bool begins) {
    const std::lock_guard lock(mutex);
    open += begins ? 1 : -1;
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&, clone = model_.clone()] {
      for (int k = 0; k < 200; ++k) {
        clone->predict(image_);
      }
    });
  }
  for (int i = 0; i < 200; ++i) {
    setTrace(i % 2 == 0 ? TraceCall(count) : nullptr);
    std::this_thread::yield();
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(open, 0);
}

}  // namespace
}  // namespace trtyolo
