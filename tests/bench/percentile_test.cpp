// trtyolo::percentile, which all figures use.
#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>

#include "trtyolo.hpp"

namespace {

using trtyolo::percentile;

TEST(Percentile, IsNumPys) {
  // numpy.percentile([7, 1, 4, 2], [0, 25, 50, 90, 99, 100])
  EXPECT_DOUBLE_EQ(percentile({7, 1, 4, 2}, 0), 1);
  EXPECT_DOUBLE_EQ(percentile({7, 1, 4, 2}, 25), 1.75);
  EXPECT_DOUBLE_EQ(percentile({7, 1, 4, 2}, 50), 3);
  EXPECT_DOUBLE_EQ(percentile({7, 1, 4, 2}, 90), 6.1);
  EXPECT_DOUBLE_EQ(percentile({7, 1, 4, 2}, 99), 6.91);
  EXPECT_DOUBLE_EQ(percentile({7, 1, 4, 2}, 100), 7);
  EXPECT_DOUBLE_EQ(percentile({5}, 99), 5);
}

TEST(Percentile, OfNothingIsRefused) {
  EXPECT_THROW(percentile({}, 50), std::invalid_argument);
  for (const double percent : {-1.0, 100.1, std::nan("")})
    EXPECT_THROW(percentile({1}, percent), std::invalid_argument);
}

}  // namespace
