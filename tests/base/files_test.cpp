// Whole files: read, written beside and renamed, updated by several at once; and their fingerprints.
#include "base/files.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "base/fingerprint.hpp"
#include "support/temp_dir.hpp"

namespace trtyolo {
namespace {

std::size_t filesIn(const test::TempDir& folder) {
  const std::filesystem::directory_iterator entries(folder / "");
  return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

TEST(FilesTest, ReadsWhatIsThere) {
  const test::TempDir folder;
  const std::string bytes("a\0b\r\n\xFF", 6);
  EXPECT_EQ(readFile(folder.write("file", bytes)), bytes);
  EXPECT_EQ(readFile(folder.write("empty", "")), "");
  EXPECT_EQ(readFile(folder / "missing"), std::nullopt);
  EXPECT_EQ(readFile(folder / ""), std::nullopt);
}

TEST(FilesTest, WritesAllOrNothing) {
  const test::TempDir folder;
  const std::string file = folder.write("file", "before");
  EXPECT_FALSE(writeFile(file, {"af", "", "ter"}));
  EXPECT_EQ(readFile(file), "after");
  EXPECT_EQ(writeFile(folder / "missing/file", {"x"}), std::errc::no_such_file_or_directory);
  std::filesystem::create_directories(folder / "sub/folder");
  EXPECT_TRUE(writeFile(folder / "sub", {"x"}));
  EXPECT_EQ(filesIn(folder), 2U);
}

// A process, or a thread, that appends its letter again and again.
void append(const std::string& file, char letter, int times) {
  for (int i = 0; i < times; ++i) {
    updateFile(file, [letter](const std::string& current) {
      std::this_thread::yield();
      return current + letter;
    });
  }
}

TEST(FilesTest, NoUpdateIsLost) {
  const test::TempDir folder;
  const std::string file = folder / "file";
  constexpr int kTimes = 50;
  std::vector<pid_t> processes;
  for (const char letter : {'a', 'b'}) {
    const pid_t process = fork();
    ASSERT_GE(process, 0);
    if (process == 0) {
      append(file, letter, kTimes);
      _exit(0);
    }
    processes.push_back(process);
  }
  std::vector<std::thread> threads;
  for (const char letter : {'c', 'd'}) {
    threads.emplace_back([&file, letter] { append(file, letter, kTimes); });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  for (const pid_t process : processes) {
    int status = 0;
    waitpid(process, &status, 0);
    EXPECT_EQ(status, 0);
  }
  const std::string all = readFile(file).value_or("");
  for (const char letter : {'a', 'b', 'c', 'd'}) {
    EXPECT_EQ(std::count(all.begin(), all.end(), letter), kTimes) << letter;
  }
  EXPECT_EQ(filesIn(folder), 1U);
}

TEST(FilesTest, AnUpdateThatThrowsChangesNothing) {
  const test::TempDir folder;
  const std::string file = folder.write("file", "before");
  EXPECT_THROW(updateFile(file, [](const std::string&) -> std::string { throw std::bad_alloc(); }), std::bad_alloc);
  EXPECT_EQ(readFile(file), "before");
  EXPECT_EQ(filesIn(folder), 1U);
}

std::string fingerprintOf(const std::vector<std::string>& parts) {
  Fingerprint fingerprint;
  for (const std::string& part : parts) {
    fingerprint.add(part);
  }
  return fingerprint.text();
}

// The numbers are those of the reference implementation of MurmurHash3_x64_128 with the seed 0.
TEST(FingerprintTest, IsMurmurHash3) {
  EXPECT_EQ(fingerprintOf({""}), "00000000000000000000000000000000");
  EXPECT_EQ(fingerprintOf({"The quick brown fox jumps over the lazy dog"}), "e34bbc7bbc071b6c7a433ca9c49a9347");
}

TEST(FingerprintTest, TellsContentsApart) {
  std::vector<std::string> all;
  for (std::size_t length = 0; length < 40; ++length) {
    const std::string text(length, 'x');
    all.push_back(fingerprintOf({text, ""}));
    for (std::size_t i = 0; i < length; ++i) {
      std::string other = text;
      other[i] = static_cast<char>(other[i] ^ '\x80');
      all.push_back(fingerprintOf({other, ""}));
      all.push_back(fingerprintOf({text.substr(0, i), text.substr(i)}));
    }
  }
  std::sort(all.begin(), all.end());
  EXPECT_EQ(std::adjacent_find(all.begin(), all.end()), all.end());
}

}  // namespace
}  // namespace trtyolo
