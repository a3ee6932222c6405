// Loading and dropping models leaves the signals of a thread as they were. (Only on processors with AMX does OpenVINO's
// plugin touch them.)
#include <gtest/gtest.h>

#include <csignal>
#include <cstddef>
#include <optional>
#include <thread>
#include <vector>

#include "support/references.hpp"
#include "trtyolo.hpp"

namespace trtyolo {
namespace {

volatile std::sig_atomic_t handled = 0;

// A handler with a stack of its own for this thread, for the lifetime.
class Handler {
 public:
  explicit Handler(std::size_t bytes) : memory_(bytes) {
    stack_t stack = {};
    stack.ss_sp = memory_.data();
    stack.ss_size = bytes;
    set_ = sigaltstack(&stack, &stackBefore_) == 0;
    struct sigaction action = {};
    action.sa_handler = [](int) { handled = handled + 1; };
    action.sa_flags = SA_ONSTACK;
    sigaction(SIGUSR1, &action, &before_);
  }
  ~Handler() {
    sigaction(SIGUSR1, &before_, nullptr);
    sigaltstack(&stackBefore_, nullptr);
  }
  Handler(const Handler&) = delete;
  Handler& operator=(const Handler&) = delete;

  // Whether the system takes a stack of that size: one for AMX is larger than what some programs have.
  bool set() const { return set_; }

  bool isThere() const {
    stack_t now = {};
    return sigaltstack(nullptr, &now) == 0 && now.ss_sp == memory_.data();
  }

 private:
  std::vector<std::byte> memory_;
  bool set_ = false;
  stack_t stackBefore_ = {};
  struct sigaction before_ = {};
};

InferOption smallOption() {
  InferOption option;
  option.setNetworkSize(160, 160);
  return option;
}

// As small as C libraries once said that it may be. Where that is too small for AMX, OpenVINO's own stays. First: once
// a process may use AMX, the system refuses it.
TEST(OpenVinoSignalsTest, OfAThreadWithASmallStackForThem) {
  std::thread([] {
    const Handler handler(8192);
    if (!handler.set()) GTEST_SKIP() << "the system refuses so small a stack";
    std::optional<Model> model = Model::load(test::dataPath("shapes/detect-dynamic.onnx"), smallOption());
    std::thread([&] { model.reset(); }).join();
    const int before = handled;
    raise(SIGUSR1);
    EXPECT_EQ(handled, before + 1);
  }).join();
}

TEST(OpenVinoSignalsTest, OfAThreadWhoseModelAnotherOneDropped) {
  std::thread([] {
    const Handler handler(1 << 16);
    ASSERT_TRUE(handler.set());
    std::optional<Model> model = Model::load(test::dataPath("shapes/detect-dynamic.onnx"), smallOption());
    EXPECT_TRUE(handler.isThere());
    std::thread([&] { model.reset(); }).join();
    EXPECT_TRUE(handler.isThere());
    const int before = handled;
    raise(SIGUSR1);
    EXPECT_EQ(handled, before + 1);
  }).join();
}

}  // namespace
}  // namespace trtyolo
