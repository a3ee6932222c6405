// The lock that lets one of many build an engine: between threads, between processes, and of those that died.
#include "base/file_lock.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "support/temp_dir.hpp"

namespace trtyolo {
namespace {

const auto kNothing = [] {};

TEST(FileLockTest, LeavesNothingBehind) {
  const test::TempDir folder;
  {
    const FileLock lock(folder / "lock", kNothing);
    EXPECT_TRUE(lock.held());
    EXPECT_TRUE(std::filesystem::exists(folder / "lock"));
  }
  EXPECT_FALSE(std::filesystem::exists(folder / "lock"));
}

// Threads that take the lock again and again. Whether a file is locked too depends on the path.
void takeByThreads(const std::string& path, bool held) {
  constexpr int kThreads = 8, kRounds = 200;
  std::atomic<int> inside = 0, rounds = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kRounds; ++i) {
        const FileLock lock(path, kNothing);
        EXPECT_EQ(lock.held(), held);
        EXPECT_EQ(++inside, 1);
        std::this_thread::yield();
        --inside;
        ++rounds;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(rounds, kThreads * kRounds);
}

TEST(FileLockTest, OneThreadAtATime) {
  const test::TempDir folder;
  takeByThreads(folder / "lock", true);
  EXPECT_FALSE(std::filesystem::exists(folder / "lock"));
}

TEST(FileLockTest, OneThreadAtATimeWhereNoFileCanBeMade) {
  const test::TempDir folder;
  const std::string path = folder / "missing/lock";
  {
    const FileLock lock(path, [] { ADD_FAILURE() << "waits"; });
  }
  takeByThreads(path, false);
}

// A planted link would make a file elsewhere, and a planted pipe be waited for.
TEST(FileLockTest, FollowsNoLink) {
  const test::TempDir folder;
  std::filesystem::create_symlink(folder / "elsewhere", folder / "lock");
  {
    const FileLock lock(folder / "lock", kNothing);
    EXPECT_FALSE(lock.held());
  }
  EXPECT_FALSE(std::filesystem::exists(folder / "elsewhere"));
}

TEST(FileLockTest, OtherPathsAreNotHeldUp) {
  const test::TempDir folder;
  const FileLock first(folder / "first", kNothing);
  std::thread([&] {
    const FileLock second(folder / "second", [] { ADD_FAILURE() << "waits"; });
    EXPECT_TRUE(second.held());
  }).join();
}

TEST(FileLockTest, SaysOnceThatItWaits) {
  const test::TempDir folder;
  auto first = std::make_unique<FileLock>(folder / "lock", kNothing);
  std::atomic<int> said = 0;
  std::atomic<bool> got = false;
  std::thread second([&] {
    const FileLock lock(folder / "lock", [&] { ++said; });
    got = true;
  });
  while (said == 0) {
    std::this_thread::yield();
  }
  EXPECT_FALSE(got);
  first.reset();
  second.join();
  EXPECT_EQ(said, 1);
}

// A process that adds 1 to the number in `counter` again and again, under the lock.
[[noreturn]] void count(const std::string& lockFile, const std::string& counter, int rounds) {
  for (int i = 0; i < rounds; ++i) {
    const FileLock lock(lockFile, kNothing);
    int number = 0;
    std::ifstream(counter) >> number;
    std::ofstream(counter) << number + 1;
  }
  _exit(0);
}

TEST(FileLockTest, OneProcessAtATime) {
  const test::TempDir folder;
  constexpr int kProcesses = 4, kRounds = 200;
  const std::string counter = folder.write("counter", "0"), lock = folder / "lock";
  std::vector<pid_t> processes;
  for (int p = 0; p < kProcesses; ++p) {
    const pid_t process = fork();
    ASSERT_GE(process, 0);
    if (process == 0) {
      count(lock, counter, kRounds);
    }
    processes.push_back(process);
  }
  for (const pid_t process : processes) {
    int status = 0;
    waitpid(process, &status, 0);
    EXPECT_EQ(status, 0);
  }
  int number = 0;
  std::ifstream(counter) >> number;
  EXPECT_EQ(number, kProcesses * kRounds);
}

// A process that was forked while the lock was held has the file open still, but not the lock.
TEST(FileLockTest, ForkedProcessesDoNotKeepIt) {
  const test::TempDir folder;
  const std::string lockFile = folder / "lock", waiting = folder / "waiting";
  // Forked before the lock is taken, so that it does not have it: it asks when it finds the file.
  const pid_t waiter = fork();
  ASSERT_GE(waiter, 0);
  if (waiter == 0) {
    while (!std::filesystem::exists(lockFile)) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    const FileLock lock(lockFile, [&] { std::ofstream(waiting) << "yes"; });
    _exit(lock.held() ? 0 : 1);
  }
  auto lock = std::make_unique<FileLock>(lockFile, kNothing);
  const pid_t idle = fork();
  ASSERT_GE(idle, 0);
  if (idle == 0) {
    for (;;) {
      pause();
    }
  }
  while (!std::filesystem::exists(waiting)) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  lock.reset();
  int status = 1;
  pid_t ended = 0;
  for (int i = 0; i < 5000 && ended == 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    ended = waitpid(waiter, &status, WNOHANG);
  }
  EXPECT_EQ(ended, waiter) << "it waits for the forked process";
  EXPECT_EQ(status, 0);
  kill(idle, SIGKILL);
  waitpid(idle, nullptr, 0);
  if (ended == 0) {
    waitpid(waiter, &status, 0);
  }
}

TEST(FileLockTest, AKilledProcessHoldsNothing) {
  const test::TempDir folder;
  const std::string lockFile = folder / "lock", ready = folder / "ready";
  const pid_t process = fork();
  ASSERT_GE(process, 0);
  if (process == 0) {
    const FileLock lock(lockFile, kNothing);
    std::ofstream(ready) << "yes";
    for (;;) {
      pause();
    }
  }
  while (!std::filesystem::exists(ready)) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  int said = 0;
  std::thread killer([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    kill(process, SIGKILL);
  });
  {
    const FileLock lock(lockFile, [&] { ++said; });
    EXPECT_TRUE(lock.held());
    EXPECT_EQ(said, 1);
  }
  killer.join();
  int status = 0;
  waitpid(process, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_FALSE(std::filesystem::exists(lockFile));
}

}  // namespace
}  // namespace trtyolo
