// Whole files: read, written beside and renamed, updated by several at once; and their fingerprints.
#include "base/files.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <locale>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "base/fingerprint.hpp"
#include "base/sha256.hpp"
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

// A pipe that nobody writes into would be waited for, and a device be read without an end.
TEST(FilesTest, WaitsForNothing) {
  const test::TempDir folder;
  ASSERT_EQ(mkfifo((folder / "pipe").c_str(), 0600), 0);
  std::filesystem::create_symlink("/dev/zero", folder / "endless");
  EXPECT_EQ(whyNoFile(folder.write("file", "x")), "");
  EXPECT_EQ(whyNoFile(folder / "missing"), "no such file");
  for (const char* name : {"pipe", "endless", ""}) {
    EXPECT_EQ(readFile(folder / name), std::nullopt) << name;
    EXPECT_NE(whyNoFile(folder / name), "") << name;
    EXPECT_NE(FileReader(folder / name).error(), "") << name;
  }
}

TEST(FilesTest, ReadsNoMoreThanAskedFor) {
  const test::TempDir folder;
  EXPECT_EQ(readFile(folder.write("file", "12345"), 5), "12345");
  EXPECT_EQ(readFile(folder / "file", 4), std::nullopt);
  std::filesystem::resize_file(folder / "file", std::uintmax_t{1} << 40U);  // without content
  EXPECT_EQ(readFile(folder / "file", 1 << 20), std::nullopt);
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

// The test vectors of FIPS 180-4 and of NIST's SHAVS.
TEST(Sha256Test, IsSha256) {
  const auto hashOf = [](const std::string& bytes) {
    Sha256 hash;
    hash.add(bytes);
    return hash.text();
  };
  EXPECT_EQ(hashOf(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hashOf("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hashOf("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(hashOf("\xbd"), "68325720aabd7c82f30f554b313d0570c95accbb7dc4b5aae11204c08ffe732b");
  EXPECT_EQ(hashOf(std::string(1'000'000, 'a')), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256Test, PiecesMakeTheWhole) {
  const std::string bytes(200, 'x');
  Sha256 whole;
  whole.add(bytes);
  for (std::size_t first = 0; first <= bytes.size(); ++first) {
    Sha256 parts;
    parts.add(std::string_view(bytes).substr(0, first));
    EXPECT_FALSE(parts.text().empty());  // asking changes nothing
    parts.add(std::string_view(bytes).substr(first));
    ASSERT_EQ(parts.text(), whole.text()) << first;
  }
}

std::string fingerprintOf(const std::vector<std::string>& parts) {
  Fingerprint fingerprint;
  for (const std::string& part : parts) {
    fingerprint.add(part);
  }
  return fingerprint.text();
}

TEST(FingerprintTest, PartsAreNotTheirConcatenation) {
  EXPECT_NE(fingerprintOf({"w", "XYZ"}), fingerprintOf({"wX", "YZ"}));
  EXPECT_NE(fingerprintOf({"w", "XYZ"}), fingerprintOf({"wXYZ"}));
  EXPECT_NE(fingerprintOf({""}), fingerprintOf({}));
}

// Whatever a program has made its locale: digits in groups are the least of it.
TEST(FingerprintTest, IsTheSameInAnyLocale) {
  class Grouped final : public std::numpunct<char> {
    char do_thousands_sep() const override { return '.'; }
    std::string do_grouping() const override { return "\1"; }
  };
  const std::string usual = fingerprintOf({"w", "XYZ"});
  const std::locale before = std::locale::global(std::locale(std::locale::classic(), new Grouped));
  const std::string grouped = fingerprintOf({"w", "XYZ"});
  std::locale::global(before);
  EXPECT_EQ(grouped, usual);
}

TEST(FingerprintTest, AFileIsItsContent) {
  const test::TempDir folder;
  const std::string content(3'000'000, 'c');
  Fingerprint ofFile;
  EXPECT_TRUE(ofFile.addFile(folder.write("file", content)));
  EXPECT_EQ(ofFile.text(), fingerprintOf({content}));
  EXPECT_FALSE(Fingerprint().addFile(folder / "missing"));
  EXPECT_FALSE(Fingerprint().addFile(folder / ""));
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
