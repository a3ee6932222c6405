// The view's mailbox and its rules of access.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <deque>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "view/access.hpp"
#include "view/feed.hpp"

namespace app {
namespace {

using namespace std::chrono_literals;

Item itemOf(long frame) {
  Item item;
  item.frame = frame;
  return item;
}

TEST(Feed, KeepsTheLatestFrame) {
  Feed feed("door");
  EXPECT_EQ(feed.name(), "door");
  EXPECT_EQ(feed.latest().item, nullptr);
  for (const long frame : {3L, 5L}) feed.put(itemOf(frame));
  EXPECT_EQ(feed.latest().item->frame, 5);
  EXPECT_EQ(feed.latest().number, 2);
}

TEST(Feed, LeavesThePictureWhereItIsWhenAnErrorComes) {
  Feed feed("door");
  feed.put(itemOf(1));
  Item failed = itemOf(2);
  failed.error = "given up";
  feed.put(std::move(failed));
  EXPECT_EQ(feed.latest().item->frame, 1);
  EXPECT_EQ(feed.status().error, "given up");
  feed.put(itemOf(3));
  EXPECT_EQ(feed.status().error, "");
}

TEST(Feed, GivesBackItsShareOfTheBudget) {
  Feed feed("door");
  const auto share = std::make_shared<int>();
  Item item = itemOf(1);
  item.memory = share;
  feed.put(std::move(item));
  EXPECT_EQ(share.use_count(), 1);
}

TEST(Feed, SaysHowItsSourceDoes) {
  const auto now = Feed::Clock::now();
  Feed feed("door");
  EXPECT_EQ(feed.status(now).state, Feed::State::Waiting);
  feed.setLink(Feed::Link::Away);
  EXPECT_EQ(feed.status(now).state, Feed::State::Reconnecting);
  feed.setLink(Feed::Link::There);
  for (long i = 0; i < 10; ++i) {
    feed.put(itemOf(i));
    std::this_thread::sleep_for(10ms);
  }
  const Feed::Status live = feed.status();
  EXPECT_EQ(live.state, Feed::State::Live);
  EXPECT_GT(live.rate, 1);
  EXPECT_LE(live.rate, 100);
  const Feed::Status stalled = feed.status(Feed::Clock::now() + 4s);
  EXPECT_EQ(stalled.state, Feed::State::Stalled);
  EXPECT_EQ(stalled.rate, 0);
  EXPECT_GE(stalled.age, 4);
  feed.setLink(Feed::Link::Ended);
  EXPECT_EQ(feed.status().state, Feed::State::Ended);
}

TEST(Feed, IsForManyThreads) {
  constexpr long kFrames = 20000;
  Feed feed("door");
  std::atomic<bool> done{false};
  std::vector<std::jthread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      long last = 0;
      while (!done) {
        const Feed::Latest latest = feed.latest();
        EXPECT_GE(latest.number, last);
        EXPECT_EQ(latest.item ? latest.item->frame : 0, latest.number);
        last = latest.number;
        EXPECT_GE(feed.status().latest.number, last);
      }
    });
  }
  for (long i = 1; i <= kFrames; ++i) feed.put(itemOf(i));
  done = true;
}

TEST(Access, TokensAreRandomAndHardToGuess) {
  std::set<std::string> tokens;
  for (int i = 0; i < 100; ++i) tokens.insert(randomToken());
  EXPECT_EQ(tokens.size(), 100U);
  EXPECT_EQ(tokens.begin()->size(), 32U);
  EXPECT_EQ(tokens.begin()->find_first_not_of("0123456789abcdef"), std::string::npos);
}

TEST(Access, OnlyTheTokenIsTheToken) {
  EXPECT_TRUE(sameToken("abcdefgh", "abcdefgh"));
  for (const char* wrong : {"", "a", "abcdefg", "abcdefgi", "Abcdefgh", "abcdefghabcdefgh", "abcdefgh "}) {
    EXPECT_FALSE(sameToken(wrong, "abcdefgh")) << wrong;
  }
}

TEST(Access, LoopbackHasFewNames) {
  for (const char* host :
       {"localhost", "LocalHost:8080", "127.0.0.1", "127.0.0.1:80", "127.1.2.3:1", "[::1]", "[::1]:9"}) {
    EXPECT_TRUE(namesLoopback(host)) << host;
  }
  for (const char* host : {"", ":80", "example.com", "localhost.example.com", "127.0.0.1.example.com:80", "10.0.0.1",
                           "[::2]:80", "[::1", "::1", "[127.0.0.1]", "[localhost]", "0.0.0.0", "localhost:80:80"}) {
    EXPECT_FALSE(namesLoopback(host)) << host;
  }
}

TEST(Access, ValuesOfPairs) {
  EXPECT_EQ(valueOf("token", "a=1&token=x&b=2", '&'), "x");
  EXPECT_EQ(valueOf("token", "mytoken=y; token=x", ';'), "x");
  EXPECT_EQ(valueOf("token", "token=", '&'), "");
  EXPECT_EQ(valueOf("token", "token", '&'), "");
  EXPECT_EQ(valueOf("token", "", '&'), "");
  EXPECT_EQ(valueOf("sources", "sources=0,2", '&'), "0,2");
}

}  // namespace
}  // namespace app
