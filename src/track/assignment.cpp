#include "track/assignment.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

namespace trtyolo {
namespace {

// Rows and columns that pairs below the limit join, directly or by way of others; none of other groups.
struct Group {
  std::vector<std::size_t> rows, columns;
};

// Sets of which some are joined to one.
class DisjointSets {
 public:
  explicit DisjointSets(std::size_t count) : parents_(count) { std::iota(parents_.begin(), parents_.end(), 0U); }

  std::size_t find(std::size_t i) {
    while (parents_[i] != i) {
      i = parents_[i] = parents_[parents_[i]];
    }
    return i;
  }
  void join(std::size_t a, std::size_t b) { parents_[find(a)] = find(b); }

 private:
  std::vector<std::size_t> parents_;
};

// Tracks that are far apart do not compete: the groups are small, and what they take grows with the cube of their size.
std::vector<Group> groupsOf(const CostMatrix& costs, float limit) {
  DisjointSets sets(costs.rows + costs.columns);
  for (std::size_t row = 0; row < costs.rows; ++row) {
    for (std::size_t column = 0; column < costs.columns; ++column) {
      if (costs.at(row, column) < limit) {
        sets.join(row, costs.rows + column);
      }
    }
  }
  std::vector<Group> groups(costs.rows + costs.columns);
  for (std::size_t row = 0; row < costs.rows; ++row) {
    groups[sets.find(row)].rows.push_back(row);
  }
  for (std::size_t column = 0; column < costs.columns; ++column) {
    groups[sets.find(costs.rows + column)].columns.push_back(column);
  }
  std::erase_if(groups, [](const Group& group) { return group.rows.empty() || group.columns.empty(); });
  return groups;
}

// The Hungarian method with shortest augmenting paths and potentials (Kuhn 1955; Jonker and Volgenant 1987), for
// at most as many rows as columns; all rows get a column. `cost(row, column)` numbers both from 0.
template <typename Cost>
std::vector<std::size_t> columnsOfRows(std::size_t rows, std::size_t columns, const Cost& cost) {
  constexpr double kFar = std::numeric_limits<double>::infinity();
  const std::size_t none = rows;                      // no row
  std::vector<std::size_t> owner(columns + 1, none);  // the row of each column; the last one is where a path begins
  std::vector<double> rowPotential(rows + 1), columnPotential(columns + 1);
  std::vector<std::size_t> previous(columns);
  for (std::size_t row = 0; row < rows; ++row) {
    std::vector<double> distance(columns, kFar);
    std::vector<bool> reached(columns + 1);
    std::size_t at = columns;
    owner[at] = row;
    while (owner[at] != none) {
      reached[at] = true;
      const std::size_t from = owner[at];
      std::size_t nearest = columns;
      double step = kFar;
      for (std::size_t column = 0; column < columns; ++column) {
        if (reached[column]) {
          continue;
        }
        const double reduced = cost(from, column) - rowPotential[from] - columnPotential[column];
        if (reduced < distance[column]) {
          distance[column] = reduced;
          previous[column] = at;
        }
        if (distance[column] < step) {
          step = distance[column];
          nearest = column;
        }
      }
      for (std::size_t column = 0; column <= columns; ++column) {
        if (reached[column]) {
          rowPotential[owner[column]] += step;
          columnPotential[column] -= step;
        } else if (column < columns) {
          distance[column] -= step;
        }
      }
      at = nearest;
    }
    for (; at != columns; at = previous[at]) {
      owner[at] = owner[previous[at]];
    }
  }
  std::vector<std::size_t> result(rows);
  for (std::size_t column = 0; column < columns; ++column) {
    if (owner[column] != none) {
      result[owner[column]] = column;
    }
  }
  return result;
}

// A pair gains what it costs less than the limit; one that gains nothing is none.
void assignGroup(const CostMatrix& costs, float limit, const Group& group, Pairs& pairs) {
  const auto& [rows, columns] = group;
  const auto cost = [&](std::size_t i, std::size_t j) {
    const float found = costs.at(rows[i], columns[j]);
    return found < limit ? static_cast<double>(found) - static_cast<double>(limit) : 0.0;
  };
  const auto add = [&](std::size_t i, std::size_t j) {
    if (cost(i, j) < 0) {
      pairs.emplace_back(rows[i], columns[j]);
    }
  };
  if (rows.size() <= columns.size()) {
    const auto chosen = columnsOfRows(rows.size(), columns.size(), cost);
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      add(i, chosen[i]);
    }
  } else {
    const auto turned = [&cost](std::size_t j, std::size_t i) { return cost(i, j); };
    const auto chosen = columnsOfRows(columns.size(), rows.size(), turned);
    for (std::size_t j = 0; j < chosen.size(); ++j) {
      add(chosen[j], j);
    }
  }
}

}  // namespace

Pairs assign(const CostMatrix& costs, float limit) {
  Pairs pairs;
  for (const Group& group : groupsOf(costs, limit)) {
    assignGroup(costs, limit, group, pairs);
  }
  std::sort(pairs.begin(), pairs.end());
  return pairs;
}

}  // namespace trtyolo
