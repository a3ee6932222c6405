#include "model/mask_maker.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace trtyolo {
namespace {

MaskPlace placeOf(std::size_t pixel, float scale, std::size_t cells) {
  return maskPlace(static_cast<int>(pixel), scale, static_cast<int>(cells));
}

// Pixels p with low <= p < high.
std::pair<std::size_t, std::size_t> pixelsWithin(float low, float high, std::size_t count) {
  const auto at = [count](float edge) { return static_cast<std::size_t>(firstPixel(edge, static_cast<int>(count))); };
  return {at(low), at(high)};
}

}  // namespace

MaskMaker::Axis::Axis(const MaskAxis& axis)
    : offset(static_cast<std::size_t>(axis.offset)),
      cells(static_cast<std::size_t>(axis.cells)),
      pixels(static_cast<std::size_t>(axis.pixels)),
      pixelsPerCell(axis.pixelsPerCell()),
      origin(axis.origin),
      doubt(axis.doubt()),
      first(cells + 1 + kRowPadding, axis.pixels) {
  cell.resize(pixels);
  fraction.resize(pixels);
  int next = 0;  // cell whose first pixel is still to come
  for (int pixel = 0; pixel < axis.pixels; ++pixel) {
    const MaskPlace place = axis.place(pixel);
    cell[static_cast<std::size_t>(pixel)] = static_cast<std::uint32_t>(place.cell);
    fraction[static_cast<std::size_t>(pixel)] = place.fraction;
    for (; next <= place.cell; ++next) {
      first[static_cast<std::size_t>(next)] = pixel;
    }
  }
}

MaskMaker::MaskMaker(const Prototypes& prototypes, const MaskGeometry& geometry)
    : prototypes_(prototypes),
      geometry_(geometry),
      factor_(prototypes.within ? 1 : static_cast<std::size_t>(geometry.factor)),
      columns_(geometry.columns),
      rows_(geometry.rows) {}

MaskMaker::MaskMaker(const Prototypes& prototypes, const Letterbox& letterbox, bool ofSource)
    : MaskMaker(prototypes, MaskGeometry::of({static_cast<int>(prototypes.width), static_cast<int>(prototypes.height)},
                                             letterbox, ofSource)) {}

bool MaskMaker::add(const ValueTable& coefficients, std::size_t anchor, const Box& box, const Box& whole,
                    Masks& masks) {
  const auto [left, right] = pixelsWithin(box.left, box.right, columns_.pixels);
  const auto [top, bottom] = pixelsWithin(box.top, box.bottom, rows_.pixels);
  if (left >= right || top >= bottom) {
    return false;
  }
  if (prototypes_.within) {
    columns_ = Axis(geometry_.columns.within(whole.left, whole.right, static_cast<int>(prototypes_.width)));
    rows_ = Axis(geometry_.rows.within(whole.top, whole.bottom, static_cast<int>(prototypes_.height)));
  }
  // The cells that the box's pixels lie between, in the grid and in the prototypes under it.
  const auto gridOf = [](const Axis& axis, std::size_t begin, std::size_t end) {
    return Span{axis.offset + axis.cell[begin],
                axis.offset + std::min<std::size_t>(axis.cell[end - 1] + std::size_t{2}, axis.cells)};
  };
  const Span gridRows = gridOf(rows_, top, bottom), gridColumns = gridOf(columns_, left, right);
  if (factor_ == 1) {
    weigh(coefficients, anchor, gridRows, gridColumns);
  } else {
    const auto under = [this](Span grid, std::size_t cells) {
      const float scale = 1.0F / static_cast<float>(factor_);
      return Span{static_cast<std::size_t>(placeOf(grid.begin, scale, cells).cell),
                  std::min(static_cast<std::size_t>(placeOf(grid.end - 1, scale, cells).cell) + 2, cells)};
    };
    const Span cellRows = under(gridRows, prototypes_.height), cellColumns = under(gridColumns, prototypes_.width);
    weigh(coefficients, anchor, cellRows, cellColumns);
    enlarge(gridRows, gridColumns, cellRows, cellColumns);
  }
  for (std::size_t y = top; y < bottom; ++y) {
    addRow(y, gridRows, gridColumns, {left, right}, masks.runs_);
  }
  const bool any = masks.runs_.size() > (masks.ends_.empty() ? 0 : masks.ends_.back());
  if (any) {
    masks.ends_.push_back(masks.runs_.size());
  }
  return any;
}

bool MaskMaker::append(const std::vector<Masks::Run>& runs, Masks& masks) {
  const auto width = static_cast<std::uint32_t>(masks.width());
  const std::size_t first = masks.runs_.size();
  for (const Masks::Run& run : runs) {
    const bool goesOn = masks.runs_.size() > first && masks.runs_.back().end == run.begin && run.begin % width != 0;
    if (goesOn) {
      masks.runs_.back().end = run.end;
    } else if (run.begin < run.end) {
      masks.runs_.push_back(run);
    }
  }
  if (masks.runs_.size() == first) {
    return false;
  }
  masks.ends_.push_back(masks.runs_.size());
  return true;
}

// The object's own mask, for the cells of these rows and columns.
void MaskMaker::takeOwn(std::size_t channel, Span rows, Span columns) {
  const std::size_t width = columns.end - columns.begin;
  logits_.assign((rows.end - rows.begin) * width + kRowPadding, 0.0F);
  const float* const plane = prototypes_.data + channel * prototypes_.height * prototypes_.width;
  float* to = logits_.data();
  for (std::size_t y = rows.begin; y < rows.end; ++y, to += width) {
    const float* const from = plane + y * prototypes_.width;
    std::transform(from + columns.begin, from + columns.end, to, maskLogit);
  }
}

// Prototypes times coefficients, for the cells of these rows and columns.
void MaskMaker::weigh(const ValueTable& coefficients, std::size_t anchor, Span rows, Span columns) {
  if (prototypes_.own) {
    takeOwn(anchor, rows, columns);
    return;
  }
  const std::size_t width = columns.end - columns.begin;
  logits_.assign((rows.end - rows.begin) * width + kRowPadding, 0.0F);
  // Four channels at a time, so that sums are not fetched and put away for each.
  constexpr std::size_t kTogether = 4;
  const std::size_t plane = prototypes_.height * prototypes_.width;
  for (std::size_t channel = 0; channel < prototypes_.channels; channel += kTogether) {
    std::array<float, kTogether> weights{};
    std::array<const float*, kTogether> planes{};
    for (std::size_t i = 0; i < kTogether; ++i) {
      const bool exists = channel + i < prototypes_.channels;
      weights[i] = exists ? coefficients(channel + i, anchor) : 0.0F;
      planes[i] = prototypes_.data + (exists ? channel + i : channel) * plane;
    }
    float* to = logits_.data();
    for (std::size_t y = rows.begin; y < rows.end; ++y, to += width) {
      const std::size_t start = y * prototypes_.width + columns.begin;
      addWeighted({planes[0] + start, planes[1] + start, planes[2] + start, planes[3] + start}, weights, width, to);
    }
  }
}

// The first scaling: from cells of the prototypes to cells of the grid.
void MaskMaker::enlarge(Span gridRows, Span gridColumns, Span rows, Span columns) {
  const std::size_t width = columns.end - columns.begin;
  const std::size_t gridWidth = gridColumns.end - gridColumns.begin;
  const float scale = 1.0F / static_cast<float>(factor_);
  enlarged_.resize((gridRows.end - gridRows.begin) * gridWidth + kRowPadding);
  row_.resize(width);
  float* to = enlarged_.data();
  for (std::size_t y = gridRows.begin; y < gridRows.end; ++y, to += gridWidth) {
    const MaskPlace place = placeOf(y, scale, prototypes_.height);
    const std::size_t row = static_cast<std::size_t>(place.cell) - rows.begin;
    const float* above = logits_.data() + row * width;
    const float* below = row + 1 < rows.end - rows.begin ? above + width : above;
    for (std::size_t x = 0; x < width; ++x) {
      row_[x] = above[x] * (1.0F - place.fraction) + below[x] * place.fraction;
    }
    for (std::size_t x = 0; x < gridWidth; ++x) {
      const MaskPlace across = placeOf(gridColumns.begin + x, scale, prototypes_.width);
      const std::size_t left = static_cast<std::size_t>(across.cell) - columns.begin,
                        right = std::min(left + 1, width - 1);
      to[x] = row_[left] * (1.0F - across.fraction) + row_[right] * across.fraction;
    }
  }
}

// The last scaling, of one row of pixels, straight to runs. Bilinear values lie between those of their neighbours, so
// the sign changes only between two grid columns whose values at this row differ in sign, and there only once.
void MaskMaker::addRow(std::size_t y, Span gridRows, Span gridColumns, Span pixels, std::vector<Masks::Run>& runs) {
  const std::size_t width = gridColumns.end - gridColumns.begin;
  const std::size_t row = rows_.offset + rows_.cell[y];
  GridRows grid;
  grid.above = (factor_ == 1 ? logits_ : enlarged_).data() + (row - gridRows.begin) * width;
  grid.below = row + 1 < gridRows.end ? grid.above + width : grid.above;
  grid.down = rows_.fraction[y];
  grid.columns = width;
  const std::size_t firstCell = gridColumns.begin - columns_.offset;
  const PixelColumns columns{columns_.first.data() + firstCell,
                             static_cast<float>(firstCell),
                             columns_.pixelsPerCell,
                             columns_.origin,
                             columns_.doubt,
                             static_cast<std::int32_t>(pixels.begin),
                             static_cast<std::int32_t>(pixels.end)};
  edges_.resize(width + kRowPadding + 2);
  edgeColumns_.resize(width + kRowPadding);
  // Where runs begin and end, in turn. One begins with the box if its first column is inside.
  const bool inside = grid.above[0] * (1.0F - grid.down) + grid.below[0] * grid.down > 0.0F;
  std::int32_t* const bounds = edges_.data();
  bounds[0] = columns.begin;
  std::int32_t* const edges = bounds + (inside ? 1 : 0);
  std::size_t count = findEdges(grid, columns, edges, edgeColumns_.data());
  for (std::size_t i = 0; i < count; ++i) {
    if (edges[i] < 0) {
      edges[i] = exactEdge(grid, columns, static_cast<std::size_t>(edgeColumns_[i]), ~edges[i]);
    }
  }
  count += inside ? 1 : 0;
  if (count % 2 != 0) {
    bounds[count++] = columns.end;
  }
  const auto start = static_cast<std::uint32_t>(y * columns_.pixels);
  const std::size_t first = runs.size();  // of this row
  for (std::size_t i = 0; i < count; i += 2) {
    const Masks::Run run{start + static_cast<std::uint32_t>(bounds[i]),
                         start + static_cast<std::uint32_t>(bounds[i + 1])};
    if (runs.size() > first && runs.back().end == run.begin) {
      runs.back().end = run.end;
    } else if (run.begin < run.end) {
      runs.push_back(run);
    }
  }
}

// The first pixel behind a column that has the sign of the next, by the values as they are rounded; close to `pixel`.
std::int32_t MaskMaker::exactEdge(const GridRows& grid, const PixelColumns& columns, std::size_t column,
                                  int pixel) const {
  const float left = grid.above[column] * (1.0F - grid.down) + grid.below[column] * grid.down;
  const float right = grid.above[column + 1] * (1.0F - grid.down) + grid.below[column + 1] * grid.down;
  const int begin = std::max(columns.first[column], columns.begin);
  const int end = std::max(begin, std::min(columns.first[column + 1], columns.end));
  const auto isLeft = [&](int at) {
    const float along = columns_.fraction[static_cast<std::size_t>(at)];
    return (left * (1.0F - along) + right * along > 0.0F) == (left > 0.0F);
  };
  while (pixel > begin && !isLeft(pixel - 1)) {
    --pixel;
  }
  while (pixel < end && isLeft(pixel)) {
    ++pixel;
  }
  return pixel;
}

}  // namespace trtyolo
