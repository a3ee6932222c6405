#include "base/exponential.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace trtyolo {
namespace {

TEST(ExponentialTest, WithinALastPlaceOrTwo) {
  for (float x = -87.2F; x < 88.0F; x += 0.00137F) {
    const double wanted = std::exp(static_cast<double>(x));
    EXPECT_NEAR(exponential(x) / wanted, 1.0, 2.4e-7) << x;
  }
  EXPECT_EQ(exponential(0.0F), 1.0F);
}

TEST(ExponentialTest, Ends) {
  constexpr float kEndless = std::numeric_limits<float>::infinity();
  EXPECT_EQ(exponential(-kEndless), 0.0F);
  EXPECT_EQ(exponential(-100.0F), 0.0F);
  EXPECT_EQ(exponential(kEndless), kEndless);
  EXPECT_EQ(exponential(89.0F), kEndless);
  EXPECT_TRUE(std::isnan(exponential(std::numeric_limits<float>::quiet_NaN())));
  EXPECT_EQ(sigmoid(-kEndless), 0.0F);
  EXPECT_EQ(sigmoid(200.0F), 1.0F);
  EXPECT_EQ(sigmoid(0.0F), 0.5F);
}

}  // namespace
}  // namespace trtyolo
