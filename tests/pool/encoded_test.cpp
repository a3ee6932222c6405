// Encoded images in a pool: order, errors of one image, room, deadlines, cancelling and closing, on a fake decoder and
// a fake network that can be held still.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <numeric>
#include <thread>

#include "pool/fake_context.hpp"
#include "pool/nothing_left.hpp"
#include "pool/scheduler.hpp"
#include "pool/watchdog.hpp"
#include "support/random.hpp"

namespace trtyolo {
namespace {

using namespace std::chrono_literals;
using test::FakeMachine;

constexpr unsigned char kBad = 254, kOnGpu = 200, kRefused = 201;

// The pixels of an encoded image are its bytes. Images of byte kBad have an error, those of byte kOnGpu count as
// decoded there, and those of kRefused as refused there.
class FakeDecoder {
 public:
  std::vector<ReadyImage> decode(std::span<const EncodedImage> images) {
    {
      std::unique_lock lock(mutex_);
      calls_.push_back(images.size());
      ++working_;
      changed_.notify_all();
      changed_.wait(lock, [&] { return !held_; });
      --working_;
    }
    if (throws) {
      throw DeviceError("broken");
    }
    std::vector<ReadyImage> ready;
    for (const EncodedImage& image : images) {
      const auto* const byte = static_cast<const std::uint8_t*>(image.bytes);
      if (*byte == kBad) {
        ready.push_back({{}, nullptr, std::make_exception_ptr(DecodeError("bad"))});
      } else {
        auto pixels = std::shared_ptr<std::uint8_t>(new std::uint8_t(*byte), [this](const std::uint8_t* gone) {
          --pixels_;
          delete gone;
        });
        ++pixels_;
        ready.push_back({{pixels.get(), {1, 1}, 1, 1}, pixels, nullptr, *byte == kRefused});
        ready.back().view.memory = *byte == kOnGpu ? ImageMemory::Device : ImageMemory::Host;
      }
    }
    return ready;
  }

  void hold() {
    const std::lock_guard lock(mutex_);
    held_ = true;
  }
  void resume() {
    {
      const std::lock_guard lock(mutex_);
      held_ = false;
    }
    changed_.notify_all();
  }
  void awaitCalls(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return working_ >= count; });
  }
  std::vector<std::size_t> calls() {
    const std::lock_guard lock(mutex_);
    return calls_;
  }
  int pixels() const { return pixels_; }

  std::atomic<bool> throws = false;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool held_ = false;
  std::size_t working_ = 0;
  std::vector<std::size_t> calls_;
  std::atomic<int> pixels_ = 0;
};

class EncodedPoolTest : public testing::Test {
 protected:
  ~EncodedPoolTest() override {
    decoder_.resume();
    machine_.resume();
    if (scheduler_) {
      test::closeAndExpectNothingLeft(*scheduler_);
      EXPECT_EQ(decoder_.pixels(), 0) << "somebody keeps pixels";
    }
    EXPECT_EQ(machine_.wrong, 0);
  }

  struct Sizes {
    std::size_t contexts = 1, maxBatchSize = 1, queueLength = 64, threads = 1, batch = 1, ahead = 64;
  };

  void make(const Sizes& sizes) {
    machine_.maxBatchSize = sizes.maxBatchSize;
    SchedulerSettings settings{sizes.maxBatchSize, 1h, sizes.queueLength, "fake", {}};
    settings.decoding = {
        [this](std::span<const EncodedImage> images, std::size_t /*device*/) { return decoder_.decode(images); },
        [](Size size) {
          return Letterbox::fit(size, {32, 32});
        },
        sizes.threads, sizes.batch, sizes.ahead};
    scheduler_ = std::make_shared<Scheduler>(test::fakeDevice(machine_, sizes.contexts), PostprocessOptions{},
                                             std::move(settings));
  }

  std::shared_ptr<PoolRequest> request(int byte) {
    auto made = std::make_shared<PoolRequest>();
    const auto bytes = std::make_shared<const std::uint8_t>(static_cast<std::uint8_t>(byte));
    made->encoded = EncodedImage{bytes.get(), 1};
    made->owner = bytes;
    made->scheduler = scheduler_;
    return made;
  }
  std::shared_ptr<PoolRequest> submit(int byte, Entry entry = Entry::Later) {
    auto made = request(byte);
    scheduler_->submit(made, entry);
    return made;
  }
  int take(const std::shared_ptr<PoolRequest>& made) { return scheduler_->take(*made).classes.at(0); }

  const test::Watchdog watchdog_;
  FakeMachine machine_;
  FakeDecoder decoder_;
  std::shared_ptr<Scheduler> scheduler_;
};

TEST_F(EncodedPoolTest, ImagesAreDecodedAndRun) {
  make({2, 4, 64, 2, 1, 64});
  std::vector<std::shared_ptr<PoolRequest>> requests;
  for (int i = 0; i < 50; ++i) {
    requests.push_back(submit(i));
  }
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(take(requests[static_cast<std::size_t>(i)]), i);
  }
  EXPECT_EQ(scheduler_->metrics().finished, 50U);
  EXPECT_EQ(scheduler_->metrics().decode.count, 50U);
}

TEST_F(EncodedPoolTest, ADecoderThatTakesSeveralGetsWhatHasCome) {
  make({1, 8, 64, 1, 4, 64});
  decoder_.hold();
  const auto first = submit(0);
  decoder_.awaitCalls(1);
  std::vector<std::shared_ptr<PoolRequest>> others;
  for (int i = 1; i < 7; ++i) {
    others.push_back(submit(i));
  }
  EXPECT_EQ(scheduler_->metrics().undecoded, 7U);
  decoder_.resume();
  EXPECT_EQ(take(first), 0);
  for (std::size_t i = 0; i < others.size(); ++i) {
    EXPECT_EQ(take(others[i]), static_cast<int>(i) + 1);
  }
  EXPECT_EQ(decoder_.calls(), (std::vector<std::size_t>{1, 4, 2}));
}

TEST_F(EncodedPoolTest, AnErrorIsThatOfItsImageAlone) {
  make({1, 4, 64, 1, 8, 64});
  decoder_.hold();
  const auto first = submit(0);
  decoder_.awaitCalls(1);
  const auto good = submit(1), bad = submit(kBad), other = submit(2);
  decoder_.resume();
  EXPECT_EQ(take(good), 1);
  EXPECT_EQ(take(other), 2);
  EXPECT_THROW(take(bad), DecodeError);
  EXPECT_EQ(take(first), 0);
  EXPECT_EQ(scheduler_->metrics().failed, 1U);

  decoder_.throws = true;  // what the decoder throws is the error of all of its call
  EXPECT_THROW(take(submit(3)), DeviceError);
  decoder_.throws = false;
  EXPECT_EQ(take(submit(4)), 4);
}

TEST_F(EncodedPoolTest, WhereImagesWereDecodedIsCounted) {
  make({1, 4, 64, 1, 8, 64});
  const auto expectDecoded = [&](const DecodeCounts& expected) {
    const DecodeCounts found = scheduler_->metrics().decoded;
    EXPECT_EQ(found.gpu, expected.gpu);
    EXPECT_EQ(found.cpu, expected.cpu);
    EXPECT_EQ(found.refused, expected.refused);
    EXPECT_EQ(found.failed, expected.failed);
  };
  expectDecoded({0, 0, 0, 0});
  for (const int byte : {1, int{kOnGpu}, 2, int{kRefused}, int{kOnGpu}}) {
    EXPECT_EQ(take(submit(byte)), byte);
  }
  EXPECT_THROW(take(submit(kBad)), DecodeError);
  expectDecoded({2, 3, 1, 1});
  decoder_.throws = true;
  EXPECT_THROW(take(submit(3)), DeviceError);
  decoder_.throws = false;
  expectDecoded({2, 3, 1, 2});

  decoder_.hold();  // what ends while it is decoded counts as well
  const auto cancelled = submit(4);
  decoder_.awaitCalls(1);
  EXPECT_TRUE(scheduler_->cancel(*cancelled));
  decoder_.resume();
  scheduler_->close(CloseMode::Drain);
  expectDecoded({2, 4, 1, 2});
}

// The oldest image is run first, whichever was decoded first.
TEST_F(EncodedPoolTest, ImagesRunInTheOrderOfTheirArrival) {
  make({1, 1, 64, 1, 1, 64});
  machine_.hold();
  const auto running = submit(0);
  machine_.awaitRuns(1);
  decoder_.hold();
  const auto encoded = submit(1);
  decoder_.awaitCalls(1);
  std::uint8_t byte = 2;
  const auto plain = std::make_shared<PoolRequest>();
  plain->image = {&byte, {1, 1}, 1, 1};
  plain->box = Letterbox::fit({1, 1}, {32, 32});
  plain->scheduler = scheduler_;
  scheduler_->submit(plain, Entry::Later);
  decoder_.resume();
  while (scheduler_->metrics().undecoded > 0) {
    std::this_thread::sleep_for(100us);
  }
  machine_.resume();
  EXPECT_EQ(take(running) + take(encoded) + take(plain), 3);
  EXPECT_EQ(machine_.runs(), (std::vector<std::vector<int>>{{0}, {1}, {2}}));
}

TEST_F(EncodedPoolTest, UndecodedImagesTakeRoomInTheQueue) {
  make({1, 1, 2, 1, 1, 64});
  decoder_.hold();
  const auto first = submit(1), second = submit(2);
  EXPECT_THROW(submit(3, Entry::Reject), QueueFullError);
  const auto blocked = submit(4);
  EXPECT_EQ(scheduler_->metrics().blocked, 1U);
  EXPECT_EQ(scheduler_->metrics().rejected, 1U);
  decoder_.resume();
  EXPECT_EQ(take(first) + take(second) + take(blocked), 7);
}

TEST_F(EncodedPoolTest, NoMoreAreDecodedThanAreNeededSoon) {
  make({1, 1, 64, 2, 1, 3});
  machine_.hold();
  const auto running = submit(0);
  machine_.awaitRuns(1);
  std::vector<std::shared_ptr<PoolRequest>> requests;
  for (int i = 1; i < 20; ++i) {
    requests.push_back(submit(i));
  }
  while (decoder_.calls().size() < 4 || scheduler_->metrics().undecoded > 16) {
    std::this_thread::sleep_for(100us);
  }
  std::this_thread::sleep_for(20ms);
  EXPECT_EQ(scheduler_->metrics().undecoded, 16U);
  EXPECT_EQ(decoder_.pixels(), 4);
  machine_.resume();
  for (std::size_t i = 0; i < requests.size(); ++i) {
    EXPECT_EQ(take(requests[i]), static_cast<int>(i) + 1);
  }
}

TEST_F(EncodedPoolTest, ImagesCanBeCancelledBeforeWhileAndAfterTheyAreDecoded) {
  make({1, 1, 64, 1, 1, 64});
  machine_.hold();
  const auto running = submit(0);
  machine_.awaitRuns(1);
  const auto decoded = submit(1);
  while (scheduler_->metrics().undecoded > 0) {
    std::this_thread::sleep_for(100us);
  }
  decoder_.hold();
  const auto decoding = submit(2);
  decoder_.awaitCalls(1);
  const auto waiting = submit(3);
  for (const auto& each : {decoded, decoding, waiting}) {
    EXPECT_TRUE(scheduler_->cancel(*each));
    EXPECT_TRUE(scheduler_->ready(*each));
    EXPECT_THROW(take(each), CancelledError);
  }
  EXPECT_FALSE(scheduler_->cancel(*running));
  EXPECT_EQ(scheduler_->metrics().waiting, 0U);
  decoder_.resume();
  machine_.resume();
  EXPECT_EQ(take(running), 0);
  EXPECT_EQ(machine_.runs().size(), 1U);
}

// The bytes are there until the decoder has read them, and then their owner goes, in the thread of callbacks.
TEST_F(EncodedPoolTest, BytesOfAnImageThatEndsStayUntilTheyAreDecoded) {
  make({1, 1, 64, 1, 1, 64});
  decoder_.hold();
  std::atomic<int> called = 0;
  std::thread::id released;
  const std::uint8_t byte = 1;
  auto made = request(1);
  made->encoded = EncodedImage{&byte, 1};
  made->owner = std::shared_ptr<const void>(&byte, [&](const void*) { released = std::this_thread::get_id(); });
  made->onDone = [&](const auto&) { ++called; };
  const std::weak_ptr<const void> owner = made->owner;
  scheduler_->submit(made, Entry::Later);
  decoder_.awaitCalls(1);
  EXPECT_TRUE(scheduler_->cancel(*made));
  while (called == 0) {
    std::this_thread::sleep_for(100us);
  }
  EXPECT_FALSE(owner.expired());
  decoder_.resume();
  scheduler_->close(CloseMode::Drain);
  EXPECT_TRUE(owner.expired());
  EXPECT_NE(released, std::this_thread::get_id());
  EXPECT_EQ(called, 1);
}

TEST_F(EncodedPoolTest, DeadlinesEndImagesThatAreNotDecodedYet) {
  make({1, 1, 64, 1, 1, 64});
  decoder_.hold();
  const auto decoding = request(1), waiting = request(2);
  decoding->deadline = waiting->deadline = Scheduler::Clock::now() + 20ms;
  scheduler_->submit(decoding, Entry::Later);
  scheduler_->submit(waiting, Entry::Later);
  EXPECT_THROW(take(decoding), DeadlineError);
  EXPECT_THROW(take(waiting), DeadlineError);
  decoder_.resume();
  EXPECT_EQ(take(submit(3)), 3);
  EXPECT_EQ(scheduler_->metrics().expired, 2U);
}

TEST_F(EncodedPoolTest, ClosingDropsOrFinishesWhatIsNotDecodedYet) {
  make({1, 2, 3, 1, 2, 64});
  decoder_.hold();
  std::vector<std::shared_ptr<PoolRequest>> requests;
  for (int i = 0; i < 6; ++i) {
    requests.push_back(submit(i));
  }
  decoder_.awaitCalls(1);
  std::thread closing([&] { scheduler_->close(CloseMode::Drop); });
  for (const auto& each : requests) {
    EXPECT_THROW(take(each), ClosedError);
  }
  decoder_.resume();
  closing.join();
  EXPECT_EQ(scheduler_->metrics().dropped, 6U);
  EXPECT_THROW(submit(7), ClosedError);

  make({1, 2, 3, 1, 2, 64});
  decoder_.hold();
  requests.clear();
  for (int i = 0; i < 6; ++i) {
    requests.push_back(submit(i));
  }
  std::thread draining([&] { scheduler_->close(CloseMode::Drain); });
  decoder_.resume();
  draining.join();
  for (int i = 0; i < 6; ++i) {
    EXPECT_EQ(take(requests[static_cast<std::size_t>(i)]), i);
  }
}

// Everything at once, from several threads: all images end, and nothing keeps pixels.
TEST_F(EncodedPoolTest, AnyMixtureEnds) {
  for (int round = 0; round < 20; ++round) {
    make({2, 3, 8, 2, 3, 6});
    std::vector<std::thread> callers;
    for (int caller = 0; caller < 3; ++caller) {
      callers.emplace_back([this, seed = 10 * round + caller] {
        test::Random random(static_cast<std::uint64_t>(seed));
        std::vector<std::shared_ptr<PoolRequest>> requests;
        for (int i = 0; i < 40; ++i) {
          auto made = request(random.between(0, 9) == 0 ? int{kBad} : i);
          if (random.between(0, 4) == 0) {
            made->deadline = Scheduler::Clock::now() + std::chrono::microseconds(random.between(0, 500));
          }
          try {
            scheduler_->submit(made, static_cast<Entry>(random.between(0, 2)));
            requests.push_back(made);
          } catch (const Error&) {  // full, or closed
          }
          if (random.between(0, 5) == 0 && !requests.empty()) {
            scheduler_->cancel(*requests.back());
          }
        }
        for (const auto& each : requests) {
          scheduler_->wait(*each);
          EXPECT_TRUE(scheduler_->ready(*each));
        }
      });
    }
    if (round % 2 == 0) {
      scheduler_->close(round % 4 == 0 ? CloseMode::Drain : CloseMode::Drop);
    }
    for (std::thread& caller : callers) {
      caller.join();
    }
    scheduler_->close(CloseMode::Drain);
    const PoolMetrics metrics = scheduler_->metrics();
    EXPECT_EQ(metrics.submitted,
              metrics.finished + metrics.failed + metrics.expired + metrics.cancelled + metrics.dropped);
    EXPECT_EQ(decoder_.pixels(), 0);
  }
}

}  // namespace
}  // namespace trtyolo
