// Random schedules of random callers: cancellation, deadlines, errors, closes and slow callers, all at once. What must
// hold in each: every image ends once, as it may; nothing is left behind; nobody waits for ever.
//
// TRTYOLO_STRESS_SCHEDULES and TRTYOLO_STRESS_SEED choose how many, and which.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "pool/fake_context.hpp"
#include "pool/scheduler.hpp"
#include "pool/watchdog.hpp"
#include "support/tiny_model.hpp"
#include "trtyolo/pool.hpp"

namespace trtyolo {
namespace {

using namespace std::chrono_literals;
using test::FakeContext;
using test::FakeMachine;

unsigned long setting(const char* name, unsigned long otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoul(text, nullptr, 10) : otherwise;
}

class Dice {
 public:
  explicit Dice(unsigned long seed) : random_(seed) {}
  int upTo(int most) { return std::uniform_int_distribution<int>(0, most)(random_); }
  bool oneIn(int chances) { return upTo(chances - 1) == 0; }
  void dawdle(int mostMicroseconds) {
    const int time = upTo(mostMicroseconds);
    if (time < mostMicroseconds / 2) {
      std::this_thread::yield();
    } else {
      std::this_thread::sleep_for(std::chrono::microseconds(time));
    }
  }

 private:
  std::mt19937_64 random_;
};

// What callers have seen.
struct Tally {
  std::atomic<std::uint64_t> accepted = 0, finished = 0, failed = 0, expired = 0, cancelled = 0, dropped = 0;
  std::atomic<std::uint64_t> refused = 0, callbacks = 0, callbacksWanted = 0, wrong = 0, unheard = 0;
};

// One caller's part of a schedule, on its own dice.
class FakeCaller {
 public:
  FakeCaller(std::shared_ptr<Scheduler> scheduler, Tally& tally, unsigned long seed)
      : scheduler_(std::move(scheduler)), tally_(tally), dice_(seed) {}

  void run() {
    const int calls = 1 + dice_.upTo(12);
    for (int i = 0; i < calls; ++i) {
      try {
        dice_.oneIn(3) ? predict() : submit();
      } catch (const QueueFullError&) {
        ++tally_.refused;
      } catch (const ClosedError&) {
        return;
      }
      if (dice_.oneIn(4)) {
        dice_.dawdle(300);  // a slow caller
      }
    }
  }

 private:
  // The pixels live no longer than the image needs them, which sanitizers watch.
  std::shared_ptr<std::uint8_t> pixel() {
    byte_ = dice_.oneIn(10) ? FakeContext::kGuilty : dice_.upTo(200);
    return std::make_shared<std::uint8_t>(static_cast<std::uint8_t>(byte_));
  }
  ImageView viewOf(const std::uint8_t& pixel) const { return {&pixel, {1, 1}, 1, 1}; }
  Letterbox box() {
    const int network = 32 * (1 + dice_.upTo(1));
    return Letterbox::fit({1, 1}, {network, network});
  }
  Entry entry(Entry patient) { return dice_.oneIn(3) ? Entry::Reject : patient; }

  // Takes a result or an error, and says whether it may be one of image `byte`.
  template <typename Take>
  void judge(int byte, const Take& take) {
    try {
      const Result result = take();
      ++tally_.finished;
      tally_.wrong += result.classes == std::vector<int>{byte} && byte != FakeContext::kGuilty ? 0 : 1;
    } catch (const InferenceError&) {
      ++tally_.failed;
      tally_.wrong += byte == FakeContext::kGuilty ? 0 : 1;
    } catch (const DeadlineError&) {
      ++tally_.expired;
    } catch (const CancelledError&) {
      ++tally_.cancelled;
    } catch (const ClosedError&) {
      ++tally_.dropped;
    }
  }

  void predict() {
    const auto pixels = pixel();
    const int byte = byte_;
    try {
      const Result result = scheduler_->predict(viewOf(*pixels), box(), entry(Entry::Later));
      ++tally_.finished;
      tally_.wrong += result.classes == std::vector<int>{byte} ? 0 : 1;
    } catch (const InferenceError&) {
      ++tally_.failed;
      tally_.wrong += byte == FakeContext::kGuilty ? 0 : 1;
    } catch (const ClosedError& error) {
      // Accepted and dropped, or not accepted.
      tally_.dropped += std::string(error.what()).find("takes no more") == std::string::npos ? 1 : 0;
      throw;
    }
  }

  void submit() {
    auto pixels = pixel();
    const int byte = byte_;
    auto request = std::make_shared<PoolRequest>();
    request->image = viewOf(*pixels);
    request->box = box();
    request->scheduler = scheduler_;
    if (dice_.oneIn(3)) {
      request->deadline = Scheduler::Clock::now() + std::chrono::microseconds(dice_.upTo(500) - 50);
    }
    const bool owned = dice_.oneIn(2), called = dice_.oneIn(3);
    if (owned) {
      request->owner = std::move(pixels);
    }
    if (called) {
      request->onDone = [tally = &tally_](const std::shared_ptr<PoolRequest>& done) {
        ++tally->callbacks;
        tally->wrong += done->scheduler->ready(*done) ? 0 : 1;
      };
    }
    scheduler_->submit(request, entry(dice_.oneIn(2) ? Entry::Later : Entry::Block));
    tally_.callbacksWanted += called ? 1 : 0;
    if (owned && dice_.oneIn(3)) {
      ++tally_.unheard;
      return;  // nobody will ask
    }
    if (dice_.oneIn(4)) {
      dice_.dawdle(200);
    }
    if (dice_.oneIn(3)) {
      scheduler_->cancel(*request);
    }
    if (dice_.oneIn(3)) {
      scheduler_->wait(*request, Scheduler::Clock::now() + std::chrono::microseconds(dice_.upTo(200)));
    }
    judge(byte, [&] { return scheduler_->take(*request); });
  }

  std::shared_ptr<Scheduler> scheduler_;
  Tally& tally_;
  Dice dice_;
  int byte_ = 0;
};

void runSchedule(unsigned long seed) {
  Dice dice(seed);
  FakeMachine machine;
  const int slowness = dice.upTo(200);
  machine.whileRunning = [slowness] {
    thread_local Dice own(1);
    own.dawdle(slowness);
  };
  SchedulerSettings settings;
  settings.maxBatchSize = static_cast<std::size_t>(1 + dice.upTo(4));
  settings.maxQueueDelay = std::chrono::microseconds(dice.oneIn(4) ? 0 : dice.upTo(2000));
  settings.queueLength = static_cast<std::size_t>(1 + dice.upTo(7));
  settings.file = "fake";
  machine.maxBatchSize = settings.maxBatchSize;
  Tally tally;
  const auto contexts = static_cast<std::size_t>(1 + dice.upTo(2));
  std::unique_ptr<Context> lowLatency;
  if (dice.oneIn(2)) {
    lowLatency = std::move(test::fakeContexts(machine, 1).front());
  }
  auto scheduler = std::make_shared<Scheduler>(test::fakeDevice(machine, contexts, std::move(lowLatency)),
                                               PostprocessOptions{}, settings);
  std::vector<std::thread> threads;
  for (int i = dice.upTo(5); i >= 0; --i) {
    threads.emplace_back(
        [&, own = seed * 64 + static_cast<unsigned long>(i)] { FakeCaller(scheduler, tally, own).run(); });
  }
  if (dice.oneIn(3)) {
    dice.dawdle(2000);
    std::thread other([&, mode = dice.oneIn(2) ? CloseMode::Drain : CloseMode::Drop] { scheduler->close(mode); });
    scheduler->close(dice.oneIn(2) ? CloseMode::Drain : CloseMode::Drop);
    other.join();
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  scheduler->close(CloseMode::Drain);

  const PoolMetrics metrics = scheduler->metrics();
  EXPECT_EQ(tally.wrong, 0U);
  EXPECT_EQ(machine.wrong, 0);
  EXPECT_EQ(machine.contexts, 0);
  EXPECT_EQ(tally.callbacks, tally.callbacksWanted);
  EXPECT_EQ(metrics.rejected, tally.refused);
  EXPECT_EQ(metrics.blocked + metrics.waiting + metrics.running, 0U);
  EXPECT_EQ(metrics.submitted,
            metrics.finished + metrics.failed + metrics.expired + metrics.cancelled + metrics.dropped);
  const std::uint64_t heard = tally.finished + tally.failed + tally.expired + tally.cancelled + tally.dropped;
  EXPECT_EQ(metrics.submitted, heard + tally.unheard);
  EXPECT_LE(tally.finished, metrics.finished);
  EXPECT_LE(metrics.longestQueue, settings.queueLength);
}

TEST(PoolStressTest, RandomSchedulesOnAFakeNetwork) {
  const unsigned long schedules = setting("TRTYOLO_STRESS_SCHEDULES", 1000);
  const unsigned long first = setting("TRTYOLO_STRESS_SEED", std::random_device{}() % 1000000);
  std::printf("%lu schedules from seed %lu\n", schedules, first);
  for (unsigned long i = 0; i < schedules && !testing::Test::HasFailure(); ++i) {
    SCOPED_TRACE("TRTYOLO_STRESS_SEED=" + std::to_string(first + i) + " TRTYOLO_STRESS_SCHEDULES=1");
    const test::Watchdog watchdog(60s);
    runSchedule(first + i);
  }
}

// The same through the public interface and OpenVINO.
TEST(PoolStressTest, RandomCallersOfARealNetwork) {
  const unsigned long seed = setting("TRTYOLO_STRESS_SEED", std::random_device{}() % 1000000);
  std::printf("seed %lu\n", seed);
  const test::Watchdog watchdog(300s);
  test::TempDir dir;
  const std::string file = test::writeTinyModel(
      dir, "tiny", {{-1, 3, -1, -1}, {test::detectorOutput(2, 8, {{16, 16, 20, 10, 1, 0.9F}})}, "", false});
  DetectModel model(file, InferOption().setStreams(2).setBatch(4).setNetworkSize(64, 64));
  Dice dice(seed);
  for (int round = 0; round < 20; ++round) {
    PoolOption option;
    option.contexts = 1 + dice.upTo(2);
    option.maxBatchSize = dice.upTo(4);
    option.maxQueueDelay = std::chrono::microseconds(dice.upTo(1000));
    option.queueLength = static_cast<std::size_t>(1 + dice.upTo(15));
    option.queueFullPolicy = dice.oneIn(2) ? QueueFullPolicy::Block : QueueFullPolicy::Reject;
    Pool<DetectModel> pool(model, option);
    std::atomic<int> wrong = 0, callbacks = 0, wanted = 0;
    std::vector<std::thread> callers;
    for (unsigned long t = 0; t < 6; ++t) {
      callers.emplace_back([&, own = Dice(seed * 1000 + static_cast<unsigned long>(round) * 10 + t)]() mutable {
        const auto good = [&](const DetResult& result) { wrong += result.num == 1 ? 0 : 1; };
        for (int i = 0; i < 20; ++i) {
          const int height = own.oneIn(2) ? 64 : 32;  // two network sizes
          auto pixels = std::make_shared<std::vector<unsigned char>>(static_cast<std::size_t>(64 * height * 3));
          const Image image(pixels->data(), 64, own.oneIn(15) ? 0 : height);
          try {
            switch (own.upTo(4)) {
              case 0:
                good(pool.predict(image));
                break;
              case 1:
                for (const DetResult& result : pool.predict(std::vector<Image>(5, image))) {
                  good(result);
                }
                break;
              case 2: {
                const std::vector<Image> images(7, image);
                pool.map(images.begin(), images.end(), [&](const DetResult& result) {
                  good(result);
                  if (own.oneIn(20)) {
                    throw Error("a sink that has enough");
                  }
                });
                break;
              }
              case 3:
                pool.submit({image, pixels}, [&](Ticket<DetResult>) { ++callbacks; });
                ++wanted;
                break;
              default: {
                SubmitOption late;
                late.deadline = std::chrono::steady_clock::now() + std::chrono::microseconds(own.upTo(2000));
                Ticket<DetResult> ticket = pool.submit({image, pixels}, late);
                if (own.oneIn(3)) {
                  ticket.cancel();
                }
                good(ticket.get());
              }
            }
          } catch (const std::invalid_argument&) {
            wrong += image.height == 0 ? 0 : 1;
          } catch (const ClosedError&) {
            return;
          } catch (const InferenceError&) {
            ++wrong;
          } catch (const Error&) {  // as it was asked for
          }
        }
      });
    }
    if (dice.oneIn(2)) {
      dice.dawdle(20000);
      pool.close(dice.oneIn(2) ? CloseMode::Drain : CloseMode::Drop);
    }
    for (std::thread& caller : callers) {
      caller.join();
    }
    pool.close();
    EXPECT_EQ(wrong, 0) << "round " << round << " of seed " << seed;
    EXPECT_EQ(callbacks, wanted);
  }
  EXPECT_EQ(model.memory().executors, 1);
}

}  // namespace
}  // namespace trtyolo
