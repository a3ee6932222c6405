// The best assignment, against all that there are.
#include "track/assignment.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <random>
#include <vector>

namespace trtyolo {
namespace {

// What pairs of the rows from `row` on save at most, each the less it costs.
double mostSaved(const CostMatrix& costs, double limit, std::size_t row, std::vector<bool>& taken) {
  if (row == costs.rows) {
    return 0;
  }
  double best = mostSaved(costs, limit, row + 1, taken);
  for (std::size_t column = 0; column < costs.columns; ++column) {
    if (!taken[column] && static_cast<double>(costs.at(row, column)) < limit) {
      taken[column] = true;
      best =
          std::max(best, limit - static_cast<double>(costs.at(row, column)) + mostSaved(costs, limit, row + 1, taken));
      taken[column] = false;
    }
  }
  return best;
}

TEST(AssignmentTest, NoOtherPairsAreBetter) {
  std::mt19937 random(7);
  std::uniform_real_distribution<float> cost(0, 1);
  for (int i = 0; i < 3000; ++i) {
    CostMatrix costs(random() % 6, random() % 6);
    std::generate(costs.values.begin(), costs.values.end(), [&] { return cost(random); });
    const float limit = cost(random);
    std::vector<bool> rows(costs.rows), columns(costs.columns), taken(costs.columns);
    double saved = 0;
    const Pairs pairs = assign(costs, limit);
    EXPECT_TRUE(std::is_sorted(pairs.begin(), pairs.end()));
    for (const auto& [row, column] : pairs) {
      EXPECT_FALSE(rows[row] || columns[column]);
      EXPECT_LT(costs.at(row, column), limit);
      rows[row] = columns[column] = true;
      saved += static_cast<double>(limit) - static_cast<double>(costs.at(row, column));
    }
    EXPECT_NEAR(saved, mostSaved(costs, static_cast<double>(limit), 0, taken), 1e-6);
  }
}

TEST(AssignmentTest, ManyThatCompeteAreAssignedOnceEach) {
  constexpr std::size_t kMany = 120;
  CostMatrix costs(kMany, kMany);
  for (std::size_t row = 0; row < kMany; ++row) {
    for (std::size_t column = 0; column < kMany; ++column) {
      costs.at(row, column) = (row + column) % kMany == kMany - 1 ? 0.1F : 0.5F;
    }
  }
  const Pairs pairs = assign(costs, 0.8F);
  ASSERT_EQ(pairs.size(), kMany);
  for (const auto& [row, column] : pairs) {
    EXPECT_EQ(row + column, kMany - 1);
  }
}

TEST(AssignmentTest, CostsThatAreNoNumbersMakeNoPairs) {
  CostMatrix costs(2, 2);
  costs.values = {std::numeric_limits<float>::quiet_NaN(), 0.5F, std::numeric_limits<float>::quiet_NaN(), 0.6F};
  EXPECT_EQ(assign(costs, 0.8F), Pairs({{0, 1}}));
}

}  // namespace
}  // namespace trtyolo
