// The team of threads: everything ends, whatever fails.
#include "team.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <new>
#include <stdexcept>
#include <system_error>
#include <vector>

namespace bench {
namespace {

/// Counts the threads that were started and have ended; the one with the number `last` cannot be started.
struct Factory {
  std::size_t last;
  std::function<void()> fail;
  std::atomic<int> started{0}, ended{0};

  std::thread operator()(std::function<void()> body) {
    if (static_cast<std::size_t>(started) == last) fail();
    ++started;
    return std::thread([this, body = std::move(body)] {
      body();
      ++ended;
    });
  }
};

TEST(Team, RunsTheWorkOnceInEachThreadAtTheSameTime) {
  Team team(4);
  for (int turn = 0; turn < 3; ++turn) {
    std::barrier<> all(4);  // hangs unless all are at work at once
    std::vector<int> calls(4);
    team.run(4, [&](std::size_t number) {
      all.arrive_and_wait();
      ++calls[number];
    });
    EXPECT_EQ(calls, std::vector<int>(4, 1));
  }
}

TEST(Team, RunsFewerThanThereAre) {
  Team team(4);
  std::vector<int> calls(4);
  for (const std::size_t count : {2, 4, 1}) {
    team.run(count, [&](std::size_t number) { ++calls[number]; });
  }
  EXPECT_EQ(calls, (std::vector<int>{3, 2, 1, 1}));
}

TEST(Team, AThreadThatCannotBeStartedEndsTheOthers) {
  for (const std::size_t last : {0, 1, 5}) {
    Factory factory{
        last,
        [] { throw std::system_error(std::make_error_code(std::errc::resource_unavailable_try_again), "thread"); }};
    try {
      const Team team(6, std::ref(factory));
      FAIL();
    } catch (const std::runtime_error& error) {
      EXPECT_NE(std::string(error.what()).find("the " + std::to_string(last) + " before it could"), std::string::npos)
          << error.what();
    }
    EXPECT_EQ(factory.started, static_cast<int>(last));
    EXPECT_EQ(factory.ended, static_cast<int>(last));
  }
}

TEST(Team, NoMemoryForAThreadEndsTheOthers) {
  Factory factory{3, [] { throw std::bad_alloc(); }};
  EXPECT_THROW(Team(6, std::ref(factory)), std::bad_alloc);
  EXPECT_EQ(factory.ended, 3);
}

TEST(Team, WorkThatThrowsStopsNobodyElse) {
  Team team(3);
  std::atomic<int> done{0};
  const auto fails = [&](std::size_t number) {
    if (number == 1) throw std::runtime_error("one");
    ++done;
  };
  EXPECT_THROW(team.run(3, fails), std::runtime_error);
  EXPECT_EQ(done, 2);
  EXPECT_THROW(team.run(3, [](std::size_t) { throw 1; }), int);  // all of them, and no exception of ours
  EXPECT_NO_THROW(team.run(3, [&](std::size_t) { ++done; }));
  EXPECT_EQ(done, 5);
}

}  // namespace
}  // namespace bench
