// setLog(): what the library has to say, and where it goes.
#include "base/log.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace trtyolo {
namespace {

using Messages = std::vector<std::pair<LogLevel, std::string>>;

Messages heard;

void hear(LogLevel level, const char* text) {
  heard.emplace_back(level, text);
}

class LogTest : public testing::Test {
 protected:
  LogTest() { heard.clear(); }
  ~LogTest() override { setLog(nullptr); }
};

TEST_F(LogTest, GoesToTheCallbackAndToNobodyElse) {
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  EXPECT_FALSE(isLogging());
  writeLog(LogLevel::Error, "to nobody");
  setLog(&hear);
  EXPECT_TRUE(isLogging());
  writeLog(LogLevel::Debug, "a detail");
  writeLog(LogLevel::Warning, std::string("a warning"));
  setLog(nullptr);
  writeLog(LogLevel::Info, "to nobody");
  EXPECT_EQ(heard, (Messages{{LogLevel::Debug, "a detail"}, {LogLevel::Warning, "a warning"}}));
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

// It may be called where nothing may be thrown: by TensorRT, and in destructors.
TEST_F(LogTest, ACallbackThatThrowsDisturbsNobody) {
  setLog([](LogLevel, const char*) { throw std::runtime_error("no"); });
  static_assert(noexcept(writeLog(LogLevel::Info, "")));
  writeLog(LogLevel::Info, "a message");
}

TEST_F(LogTest, IsForAnyThread) {
  static std::atomic<int> count;
  count = 0;
  const auto counting = [](LogLevel, const char*) { ++count; };
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) {
        setLog(i % 2 == 0 ? LogCall(counting) : nullptr);
        writeLog(LogLevel::Info, "a message");
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_GT(count, 0);
}

}  // namespace
}  // namespace trtyolo
