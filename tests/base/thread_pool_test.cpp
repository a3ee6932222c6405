// Work in pieces, shared by threads.
#include "base/thread_pool.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <memory>
#include <mutex>
#include <numeric>
#include <set>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <vector>

namespace trtyolo {
namespace {

TEST(ThreadPoolTest, DoesEachPieceOnce) {
  ThreadPool pool(3);
  for (const std::size_t count : {0, 1, 2, 3, 100, 10000}) {
    std::vector<std::atomic<int>> done(count);
    pool.parallelFor(count, [&](std::size_t piece) { ++done[piece]; });
    for (const std::atomic<int>& times : done) {
      EXPECT_EQ(times, 1);
    }
  }
}

TEST(ThreadPoolTest, ThreadsTakePart) {
  ThreadPool pool(3);
  std::latch all(4);  // pieces that wait for each other need a thread each
  std::mutex mutex;
  std::set<std::thread::id> threads;
  pool.parallelFor(8, [&](std::size_t piece) {
    if (piece < 4) {
      all.arrive_and_wait();
      const std::lock_guard lock(mutex);
      threads.insert(std::this_thread::get_id());
    }
  });
  EXPECT_EQ(threads.size(), 4U);
  EXPECT_TRUE(threads.contains(std::this_thread::get_id()));
}

TEST(ThreadPoolTest, ServesManyCallersAtOnce) {
  ThreadPool pool(2);
  constexpr int kCallers = 6, kTurns = 300;
  std::vector<std::size_t> sums(kCallers);
  std::vector<std::jthread> callers;
  callers.reserve(kCallers);
  for (std::size_t& sum : sums) {
    callers.emplace_back([&] {
      for (int turn = 0; turn < kTurns; ++turn) {
        std::atomic<std::size_t> part = 0;
        pool.parallelFor(17, [&](std::size_t piece) { part += piece; });
        sum += part;
      }
    });
  }
  callers.clear();
  for (const std::size_t sum : sums) {
    EXPECT_EQ(sum, kTurns * 17U * 16U / 2);
  }
}

TEST(ThreadPoolTest, ThrowsWhatAPieceThrew) {
  ThreadPool pool(3);
  constexpr std::size_t kTurns = 100, kPieces = 100'000;
  std::atomic<std::size_t> begun = 0;
  for (std::size_t turn = 0; turn < kTurns; ++turn) {
    EXPECT_THROW(pool.parallelFor(kPieces,
                                  [&](std::size_t piece) {
                                    ++begun;
                                    if (piece == 7) {
                                      throw std::runtime_error("seven");
                                    }
                                  }),
                 std::runtime_error);
  }
  EXPECT_LT(begun, kTurns * kPieces);  // while the thread that throws has no processor, others may do all of one turn
}

TEST(ThreadPoolTest, CallerDoesAllWhereNoThreadCanBeStarted) {
  int attempts = 0;
  ThreadPool pool(4, [&](const std::function<void()>& body) {
    if (++attempts > 1) {
      throw std::system_error(std::make_error_code(std::errc::resource_unavailable_try_again));
    }
    return std::thread(body);
  });
  EXPECT_EQ(pool.threads(), 1U);
  std::vector<int> done(50);
  pool.parallelFor(done.size(), [&](std::size_t piece) { done[piece] = 1; });
  EXPECT_EQ(std::accumulate(done.begin(), done.end(), 0), 50);

  ThreadPool none(0);
  none.parallelFor(done.size(), [&](std::size_t piece) { done[piece] = 2; });
  EXPECT_EQ(std::accumulate(done.begin(), done.end(), 0), 100);
}

TEST(ThreadPoolTest, TheProcessHasOneAsLongAsItIsWanted) {
  std::weak_ptr<ThreadPool> before;
  {
    const std::shared_ptr<ThreadPool> one = ThreadPool::shared();
    EXPECT_EQ(one, ThreadPool::shared());
    before = one;
  }
  EXPECT_TRUE(before.expired());
  EXPECT_NE(ThreadPool::shared(), nullptr);
}

}  // namespace
}  // namespace trtyolo
