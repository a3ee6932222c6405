// What holds of every pool that has ended, whatever happened in it.
#pragma once

#include <gtest/gtest.h>

#include "pool/scheduler.hpp"

namespace trtyolo::test {

// Closes it. Each image must have ended in one way, and none be left.
inline void closeAndExpectNothingLeft(Scheduler& scheduler) {
  scheduler.close(CloseMode::Drain);
  const PoolMetrics metrics = scheduler.metrics();
  EXPECT_EQ(metrics.submitted, metrics.finished + metrics.failed + metrics.expired + metrics.cancelled +
                                   metrics.dropped + metrics.blocked + metrics.waiting + metrics.running);
  EXPECT_EQ(metrics.blocked + metrics.waiting + metrics.running + metrics.undecoded, 0U);
}

}  // namespace trtyolo::test
