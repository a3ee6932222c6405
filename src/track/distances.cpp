#include "track/distances.hpp"

#include <algorithm>
#include <iterator>

namespace trtyolo {
namespace {

ShiftedBox uprightOf(const Place& place) {
  return shifted(cornersOf(place.box), 0, true);
}

Gaussian rotatedOf(const Place& place) {
  const auto& [x, y, width, height] = place.box;
  return gaussianOf(static_cast<float>(x), static_cast<float>(y), static_cast<float>(width), static_cast<float>(height),
                    place.theta, 0, true);
}

template <typename Shape, typename Overlap>
CostMatrix distancesOf(const std::vector<Place>& rows, const std::vector<Place>& columns,
                       Shape (*shapeOf)(const Place&), Overlap overlap) {
  std::vector<Shape> across;
  std::transform(columns.begin(), columns.end(), std::back_inserter(across), shapeOf);
  CostMatrix costs(rows.size(), columns.size());
  for (std::size_t row = 0; row < costs.rows; ++row) {
    const Shape shape = shapeOf(rows[row]);
    for (std::size_t column = 0; column < costs.columns; ++column) {
      costs.at(row, column) = 1.0F - overlap(shape, across[column]);
    }
  }
  return costs;
}

}  // namespace

CostMatrix distances(const std::vector<Place>& rows, const std::vector<Place>& columns, bool rotated) {
  return rotated ? distancesOf(rows, columns, &rotatedOf, &probabilisticIou)
                 : distancesOf(rows, columns, &uprightOf, &uprightOverlap);
}

}  // namespace trtyolo
