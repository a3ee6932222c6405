// Pools of real models: what the one model gives, for every task, from any thread, until the end.
#include "trtyolo/pool.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <opencv2/imgcodecs.hpp>
#include <optional>
#include <sstream>
#include <thread>

#include "pool/watchdog.hpp"
#include "support/references.hpp"
#include "support/tiny_model.hpp"
#include "trtyolo/opencv.hpp"

namespace trtyolo {
namespace {

using namespace std::chrono_literals;
using test::dataPath;

// All that a result says, but for its masks to the last digit.
template <typename Result>
std::string textOf(const Result& result) {
  std::ostringstream text;
  text.precision(9);
  text << result;
  if constexpr (std::is_same_v<Result, SegResult>) {
    for (std::size_t i = 0; i < result.masks.size(); ++i) {
      for (std::size_t run = 0; run < result.masks.runCount(i); ++run) {
        text << ' ' << result.masks.runs(i)[run].begin << '-' << result.masks.runs(i)[run].end;
      }
    }
  }
  return text.str();
}

std::vector<cv::Mat> pictures(int count) {
  std::vector<cv::Mat> read;
  for (int i = 0; i < count; ++i) {
    const std::string number = std::to_string(i);
    read.push_back(cv::imread(dataPath("shapes/images/" + std::string(5 - number.size(), '0') + number + ".jpg")));
    EXPECT_FALSE(read.back().empty());
  }
  return read;
}

std::vector<Image> viewsOf(const std::vector<cv::Mat>& pictures) {
  std::vector<Image> views;
  for (const cv::Mat& picture : pictures) {
    views.push_back(view(picture));
  }
  return views;
}

template <typename Model>
class PoolTest : public testing::Test {
 protected:
  static std::string file() {
    if constexpr (std::is_same_v<Model, ClassifyModel>) {
      return dataPath("shapes/classify.onnx");
    } else if constexpr (std::is_same_v<Model, DetectModel>) {
      return dataPath("shapes/detect.onnx");
    } else if constexpr (std::is_same_v<Model, OBBModel>) {
      return dataPath("shapes/obb.onnx");
    } else if constexpr (std::is_same_v<Model, SegmentModel>) {
      return dataPath("shapes/segment.onnx");
    } else {
      return dataPath("shapes/pose.onnx");
    }
  }

  const test::Watchdog watchdog_{std::chrono::seconds(300)};
};

using Models = testing::Types<ClassifyModel, DetectModel, OBBModel, SegmentModel, PoseModel>;
TYPED_TEST_SUITE(PoolTest, Models);

TYPED_TEST(PoolTest, GivesWhatTheModelGives) {
  using Result = typename Pool<TypeParam>::Result;
  auto model = std::make_unique<TypeParam>(this->file(), InferOption().enableSwapRB().setStreams(2));
  const std::vector<cv::Mat> read = pictures(6);
  const std::vector<Image> images = viewsOf(read);
  std::vector<std::string> expected;
  for (const Image& image : images) {
    expected.push_back(textOf(model->predict(image)));
  }
  Pool<TypeParam> pool(*model);
  model.reset();  // the pool needs it no longer
  EXPECT_EQ(pool.contexts(), 2);
  EXPECT_EQ(textOf(pool.predict(images[0])), expected[0]);
  const std::vector<Result> all = pool.predict(images);
  ASSERT_EQ(all.size(), images.size());
  std::atomic<int> wrong = 0;
  std::vector<std::thread> callers;
  for (std::size_t t = 0; t < 4; ++t) {
    callers.emplace_back([&, t] {
      for (std::size_t i = 0; i < images.size(); ++i) {
        const std::size_t at = (i + t) % images.size();
        wrong += textOf(pool.predict(images[at])) == expected[at] ? 0 : 1;
      }
    });
  }
  std::size_t next = 0;
  pool.map(images.begin(), images.end(), [&](Result result) {
    EXPECT_EQ(textOf(result), expected[next]);
    EXPECT_EQ(textOf(all[next]), expected[next]);
    ++next;
  });
  EXPECT_EQ(next, images.size());
  for (std::thread& caller : callers) {
    caller.join();
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(pool.metrics().finished, 1 + 6 * images.size());
}

// A small real network, with one object at a place that depends on nothing.
class TinyPoolTest : public testing::Test {
 protected:
  InferOption option() const { return InferOption().setStreams(2); }
  std::string write(const std::string& name, std::vector<std::int64_t> input) {
    return test::writeTinyModel(
        dir_, name, {std::move(input), {test::detectorOutput(2, 8, {{32, 32, 20, 10, 1, 0.9F}})}, "", false});
  }

  const test::Watchdog watchdog_;
  test::TempDir dir_;
  const std::string file_ = write("tiny", {1, 3, 64, 64});
  std::vector<unsigned char> pixels_ = std::vector<unsigned char>(64 * 64 * 3, 50);
  const Image image_ = Image(pixels_.data(), 64, 64);
  const Image wrong_ = Image(nullptr, 64, 64);
};

TEST_F(TinyPoolTest, DynamicBatchesAreMerged) {
  DetectModel model(write("dynamic", {-1, 3, 64, 64}), option().setBatch(8));
  PoolOption options;
  options.contexts = 1;
  Pool<DetectModel> pool(model, options);
  EXPECT_EQ(pool.maxBatchSize(), 8);
  EXPECT_EQ(pool.queueLength(), 64U);
  const std::vector<DetResult> results = pool.predict(std::vector<Image>(200, image_));
  for (const DetResult& result : results) {
    EXPECT_EQ(result.num, 1);
  }
  const PoolMetrics metrics = pool.metrics();
  std::uint64_t images = 0, runs = 0;
  for (std::size_t i = 0; i < metrics.batchSizes.size(); ++i) {
    images += metrics.batchSizes[i] * (i + 1);
    runs += metrics.batchSizes[i];
  }
  EXPECT_EQ(images, 200U);
  EXPECT_EQ(metrics.finished, 200U);
  EXPECT_EQ(metrics.inference.count, runs);
  EXPECT_DOUBLE_EQ(metrics.meanBatch(), 200.0 / static_cast<double>(runs));
  EXPECT_EQ(metrics.latency.count, 200U);
  EXPECT_LE(metrics.longestQueue, 16U);  // the call enters a few images at a time
}

TEST_F(TinyPoolTest, ThresholdsAreThoseOfTheMomentItIsMade) {
  DetectModel model(file_, option());
  Pool<DetectModel> before(model);
  model.setConfidence(0.95F);
  Pool<DetectModel> after(model);
  EXPECT_EQ(before.predict(image_).num, 1);
  EXPECT_EQ(after.predict(image_).num, 0);
}

TEST_F(TinyPoolTest, TheModelOutlivesThePool) {
  DetectModel model(file_, option());
  { EXPECT_EQ(Pool<DetectModel>(model).predict(image_).num, 1); }
  EXPECT_EQ(model.predict(image_).num, 1);
  EXPECT_EQ(model.memory().executors, 1);
}

TEST_F(TinyPoolTest, TicketsOutliveThePool) {
  DetectModel model(file_, option());
  std::vector<Ticket<DetResult>> tickets;
  {
    Pool<DetectModel> pool(model);
    for (int i = 0; i < 20; ++i) {
      tickets.push_back(pool.submit(image_));
    }
  }
  EXPECT_EQ(model.memory().executors, 1);  // tickets keep no contexts
  for (Ticket<DetResult>& ticket : tickets) {
    EXPECT_TRUE(ticket.ready());
    EXPECT_FALSE(ticket.cancel());
    EXPECT_EQ(ticket.get().num, 1);
    EXPECT_THROW(ticket.get(), Error);
  }
}

TEST_F(TinyPoolTest, Tickets) {
  DetectModel model(file_, option());
  Pool<DetectModel> pool(model);
  Ticket<DetResult> empty;
  EXPECT_FALSE(empty.valid());
  EXPECT_THROW(empty.get(), Error);
  EXPECT_THROW(empty.cancel(), Error);
  Ticket<DetResult> ticket = pool.submit(image_);
  empty = std::move(ticket);
  EXPECT_TRUE(empty.waitFor(std::chrono::hours::max()));
  EXPECT_TRUE(empty.waitFor(0s));
  EXPECT_EQ(empty.get().num, 1);
  EXPECT_THROW(ticket.wait(), Error);  // NOLINT(bugprone-use-after-move): that is what is tried
  SubmitOption late;
  late.deadline = std::chrono::steady_clock::now() - 1ms;
  EXPECT_THROW(pool.submit(image_, late).get(), DeadlineError);
  pool.submit(image_);  // nobody waits for it
}

TEST_F(TinyPoolTest, CallbacksGetTheirResult) {
  DetectModel model(file_, option());
  std::atomic<int> objects = 0;
  {
    Pool<DetectModel> pool(model);
    for (int i = 0; i < 50; ++i) {
      auto owner = std::make_shared<std::vector<unsigned char>>(pixels_);
      const Image image(owner->data(), 64, 64);
      pool.submit({image, std::move(owner)}, [&](Ticket<DetResult> ticket) { objects += ticket.get().num; });
    }
  }
  EXPECT_EQ(objects, 50);
}

TEST_F(TinyPoolTest, APoolThatGoesInItsOwnCallback) {
  DetectModel model(file_, option());
  auto pool = std::make_shared<Pool<DetectModel>>(model);
  std::promise<void> mayGo, gone;
  std::weak_ptr<Pool<DetectModel>> watched = pool;
  Pool<DetectModel>& used = *pool;
  used.submit(image_, [&, last = std::move(pool)](Ticket<DetResult>) mutable {
    mayGo.get_future().wait();
    last.reset();
    gone.set_value();
  });
  mayGo.set_value();
  gone.get_future().wait();
  EXPECT_TRUE(watched.expired());
}

TEST_F(TinyPoolTest, AWrongImageFailsAloneInItsCallersThread) {
  DetectModel model(file_, option());
  Pool<DetectModel> pool(model);
  std::atomic<int> wrong = 0, refused = 0;
  std::vector<std::thread> callers;
  for (int t = 0; t < 4; ++t) {
    callers.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        try {
          const bool bad = (t + i) % 5 == 0;
          wrong += pool.predict(bad ? wrong_ : image_).num == 1 && !bad ? 0 : 1;
        } catch (const std::invalid_argument&) {
          ++refused;
        }
      }
    });
  }
  for (std::thread& caller : callers) {
    caller.join();
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(refused, 40);
  EXPECT_THROW(pool.submit(wrong_), std::invalid_argument);
  EXPECT_THROW(pool.predict({image_, wrong_}), std::invalid_argument);
  EXPECT_TRUE(pool.predict(std::vector<Image>{}).empty());
  EXPECT_EQ(pool.metrics().submitted, 160U);
}

TEST_F(TinyPoolTest, MapKeepsTheOrderAndTellsErrorsInIt) {
  DetectModel model(file_, option());
  Pool<DetectModel> pool(model);
  std::vector<Image> images(100, image_);
  images[40] = wrong_;
  std::size_t next = 0;
  pool.map(images.begin(), images.end(), [&](Ticket<DetResult> ticket) {
    EXPECT_TRUE(ticket.ready());
    if (next++ == 40) {
      EXPECT_THROW(ticket.get(), std::invalid_argument);
    } else {
      EXPECT_EQ(ticket.get().num, 1);
    }
  });
  EXPECT_EQ(next, 100U);
  next = 0;
  EXPECT_THROW(pool.map(images.begin(), images.end(), [&](const DetResult&) { ++next; }), std::invalid_argument);
  EXPECT_EQ(next, 40U);
  EXPECT_THROW(pool.map(images.begin(), images.end(), [](const DetResult&) { throw std::range_error("sink"); }),
               std::range_error);
  const PoolMetrics metrics = pool.metrics();
  EXPECT_EQ(metrics.waiting + metrics.running + metrics.blocked, 0U);  // no image is left behind
}

// Images that are made when they are asked for, and owned by the pool until they are read.
TEST_F(TinyPoolTest, MapTakesImagesAsItNeedsThem) {
  struct Maker {
    int at;
    int* made;
    bool operator!=(const Maker& other) const { return at != other.at; }
    Maker& operator++() {
      ++at;
      return *this;
    }
    OwnedImage operator*() const {
      ++*made;
      auto pixels = std::make_shared<std::vector<unsigned char>>(64 * 64 * 3, 50);
      const Image image(pixels->data(), 64, 64);
      return {image, std::move(pixels)};
    }
  };
  DetectModel model(file_, option());
  Pool<DetectModel> pool(model);
  int made = 0, seen = 0;
  pool.map(Maker{0, &made}, Maker{100, &made}, [&](const DetResult& result) {
    EXPECT_EQ(result.num, 1);
    ++seen;
    EXPECT_LE(made - seen, 4);  // two contexts of one image, twice
  });
  EXPECT_EQ(seen, 100);
}

TEST_F(TinyPoolTest, AClosedPool) {
  DetectModel model(file_, option());
  Pool<DetectModel> pool(model);
  EXPECT_EQ(pool.predict(image_).num, 1);
  pool.close();
  EXPECT_THROW(pool.predict(image_), ClosedError);
  EXPECT_THROW(pool.predict({image_, image_}), ClosedError);
  EXPECT_THROW(pool.submit(image_), ClosedError);
  EXPECT_EQ(pool.metrics().finished, 1U);
  EXPECT_EQ(pool.info().file, file_);
  EXPECT_EQ(model.memory().executors, 1);
  Pool<DetectModel> moved = std::move(pool);
  EXPECT_EQ(moved.metrics().finished, 1U);
  EXPECT_THROW(pool.metrics(), Error);  // NOLINT(bugprone-use-after-move): that is what is tried
  moved = Pool<DetectModel>(model);
  EXPECT_EQ(moved.predict(image_).num, 1);
}

TEST_F(TinyPoolTest, ClosingWhileManyCall) {
  DetectModel model(file_, option());
  for (const CloseMode mode : {CloseMode::Drain, CloseMode::Drop}) {
    PoolOption options;
    options.queueLength = 2;
    Pool<DetectModel> pool(model, options);
    std::atomic<int> wrong = 0, told = 0;
    std::vector<std::thread> callers;
    for (int t = 0; t < 6; ++t) {
      callers.emplace_back([&, t] {
        try {
          for (;;) {
            if (t % 2 == 0) {
              wrong += pool.predict(image_).num == 1 ? 0 : 1;
            } else if (t == 1) {
              const std::vector<Image> endless(1000, image_);
              pool.map(endless.begin(), endless.end(), [&](const DetResult& r) { wrong += r.num == 1 ? 0 : 1; });
            } else {
              wrong += pool.predict(std::vector<Image>(10, image_)).size() == 10 ? 0 : 1;
            }
          }
        } catch (const ClosedError&) {
          ++told;
        }
      });
    }
    std::this_thread::sleep_for(20ms);
    pool.close(mode);
    for (std::thread& caller : callers) {
      caller.join();
    }
    EXPECT_EQ(told, 6);
    EXPECT_EQ(wrong, 0);
  }
}

TEST_F(TinyPoolTest, OfAFileWithTheStreamsThatSuitTheMachine) {
  const auto contextsOf = [&](const InferOption& option) {
    Pool<DetectModel> pool(file_, option);
    EXPECT_EQ(pool.predict(image_).num, 1);
    return pool.contexts();
  };
  DetectModel chosen(file_, InferOption().setStreams(0));
  EXPECT_EQ(contextsOf({}), Pool<DetectModel>(chosen).contexts());
  EXPECT_EQ(contextsOf(InferOption().setStreams(1)), 1);
}

TEST_F(TinyPoolTest, AnEngineForImagesThatAreAlone) {
  // The same but for the score, which tells who has run.
  const std::string file = test::writeTinyModel(
      dir_, "one", {{1, 3, 64, 64}, {test::detectorOutput(2, 8, {{32, 32, 20, 10, 1, 0.8F}})}, "", false});
  auto lowLatency = std::make_unique<DetectModel>(file, InferOption().setStreams(1));
  DetectModel model(file_, InferOption().setStreams(2));
  Pool<DetectModel> pool(model, *lowLatency);
  lowLatency.reset();
  EXPECT_EQ(pool.contexts(), 2);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(pool.predict(image_).scores, std::vector<float>{0.8F});
  }
  int others = 0;
  for (int round = 0; round < 1000 && others == 0; ++round) {  // runs are short: some may be over before the next image
    std::vector<Ticket<DetResult>> tickets;
    for (int i = 0; i < 40; ++i) {
      tickets.push_back(pool.submit(image_));
    }
    for (Ticket<DetResult>& ticket : tickets) {
      others += ticket.get().scores == std::vector<float>{0.9F} ? 1 : 0;
    }
  }
  EXPECT_GT(others, 0);
  EXPECT_EQ(pool.predict(image_).scores, std::vector<float>{0.8F});
  const DetectModel other(write("other", {1, 3, 96, 96}));
  EXPECT_THROW(Pool<DetectModel>(model, other), std::invalid_argument);
}

TEST_F(TinyPoolTest, AFullQueueAsTheCallerWantsIt) {
  DetectModel model(file_, option());
  PoolOption options;
  options.contexts = 1;
  options.queueLength = 1;
  Pool<DetectModel> pool(model, options);
  SubmitOption refuse, block;
  refuse.queueFullPolicy = QueueFullPolicy::Reject;
  block.queueFullPolicy = QueueFullPolicy::Block;
  std::vector<Ticket<DetResult>> tickets;
  EXPECT_THROW(
      for (int i = 0; i < 100000; ++i) { tickets.push_back(pool.submit(image_, refuse)); }, QueueFullError);
  tickets.push_back(pool.submit(image_, block));
  tickets.push_back(pool.submit(image_));  // as the pool does it
  for (Ticket<DetResult>& ticket : tickets) {
    EXPECT_EQ(ticket.get().num, 1);
  }
  EXPECT_EQ(pool.metrics().rejected, 1U);
}

TEST_F(TinyPoolTest, OptionsThatMakeNoSense) {
  DetectModel model(file_, option());
  const auto refused = [&](PoolOption options) {
    try {
      Pool<DetectModel> pool(model, options);
      return std::string();
    } catch (const std::invalid_argument& error) {
      return std::string(error.what());
    }
  };
  PoolOption options;
  options.contexts = -1;
  EXPECT_NE(refused(options).find("contexts"), std::string::npos);
  options = {};
  options.maxBatchSize = 2;
  EXPECT_NE(refused(options).find("at most 1"), std::string::npos);
  options = {};
  options.maxQueueDelay = -1us;
  EXPECT_NE(refused(options).find("maxQueueDelay"), std::string::npos);
  options.maxQueueDelay = std::chrono::microseconds::max();
  EXPECT_NE(refused(options).find("maxQueueDelay"), std::string::npos);
  options = {};
  options.devices = {0};
  EXPECT_NE(refused(options).find("runs on the CPU"), std::string::npos);
  options.devices.reset();
  options.allDevices = true;
  EXPECT_EQ(refused(options), "");
  EXPECT_EQ(refused({}), "");
}

TEST_F(TinyPoolTest, OnTheCpuThereIsOneDevice) {
  PoolOption options;
  options.allDevices = true;
  Pool<DetectModel> pool(file_, option(), options);
  EXPECT_EQ(pool.predict(image_).num, 1);
  EXPECT_TRUE(pool.devices().empty());
  const PoolMetrics metrics = pool.metrics();
  ASSERT_EQ(metrics.devices.size(), 1U);
  EXPECT_FALSE(metrics.devices[0].gpu);
  EXPECT_EQ(metrics.devices[0].images, 1U);
}

}  // namespace
}  // namespace trtyolo
