// The interface in C where memory is refused: a status, no exception, and nothing lost.
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "support/failures.hpp"
#include "trtyolo.h"

namespace trtyolo {
namespace {

// Refuses memory to one allocation of the call after the other, until none is left that could be refused.
void expectNoMemory(const std::function<trtyolo_status()>& call) {
  constexpr int kMost = 10000;
  for (int allocations = 0; allocations < kMost; ++allocations) {
    trtyolo_status status;
    std::string message;
    message.reserve(256);
    {
      const test::NoMemoryAfter refused(allocations);
      status = call();
      message = trtyolo_last_error();
    }
    if (status == TRTYOLO_OK) {
      ASSERT_GT(allocations, 0);
      return;
    }
    ASSERT_EQ(status, TRTYOLO_OUT_OF_MEMORY) << message;
    ASSERT_EQ(message, "there is no memory left");
  }
  FAIL() << "the call never succeeds";
}

TEST(CMemoryTest, Options) {
  trtyolo_options* options = nullptr;
  expectNoMemory([&] { return trtyolo_options_new(&options); });
  const char* const names[] = {"a name that is too long to be kept in place", "another one that is as long as that"};
  expectNoMemory([&] { return trtyolo_options_set_names(options, names, 2); });
  expectNoMemory([&] { return trtyolo_options_set_plugin_libraries(options, names, 2); });
  const int classes[] = {3, 1, 2};
  expectNoMemory([&] { return trtyolo_options_set_classes(options, classes, 3); });
  trtyolo_pool_options* poolOptions = nullptr;
  expectNoMemory([&] { return trtyolo_pool_options_new(&poolOptions); });
  expectNoMemory([&] { return trtyolo_pool_options_set_devices(poolOptions, classes, 3); });
  trtyolo_pool_options_free(poolOptions);
  trtyolo_options_free(options);
}

// The message of an error has no memory either.
TEST(CMemoryTest, Messages) {
  const test::NoMemoryAfter refused(0);
  EXPECT_EQ(trtyolo_options_set_streams(nullptr, 1), TRTYOLO_OUT_OF_MEMORY);
  EXPECT_STREQ(trtyolo_last_error(), "there is no memory left");
}

}  // namespace
}  // namespace trtyolo
