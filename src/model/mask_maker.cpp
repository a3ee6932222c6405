#include "model/mask_maker.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <utility>

namespace trtyolo {
namespace {

// Where a pixel lies between the cells of a shorter or longer line, as PyTorch's bilinear interpolation has it
// (align_corners=False), in f32.
struct Place {
  std::size_t cell;
  float fraction;
};

Place placeOf(std::size_t pixel, float scale, std::size_t cells) {
  const float position = std::max(0.0F, (static_cast<float>(pixel) + 0.5F) * scale - 0.5F);
  const std::size_t cell = std::min(static_cast<std::size_t>(position), cells - 1);
  // At the last cell the next one is the same.
  return {cell, cell + 1 < cells ? std::clamp(position - static_cast<float>(cell), 0.0F, 1.0F) : 0.0F};
}

// Pixels p with low <= p < high.
std::pair<std::size_t, std::size_t> pixelsWithin(float low, float high, std::size_t count) {
  const auto at = [count](float edge) {
    return edge > 0.0F ? static_cast<std::size_t>(std::min(std::ceil(edge), static_cast<float>(count))) : 0U;
  };
  return {at(low), at(high)};
}

}  // namespace

MaskMaker::Axis::Axis(std::size_t axisOffset, std::size_t axisCells, std::size_t axisPixels)
    : offset(axisOffset), cells(axisCells), pixels(axisPixels), first(axisCells + 1, axisPixels) {
  const float scale = static_cast<float>(cells) / static_cast<float>(pixels);
  cell.resize(pixels);
  fraction.resize(pixels);
  std::size_t next = 0;  // cell whose first pixel is still to come
  for (std::size_t pixel = 0; pixel < pixels; ++pixel) {
    const Place place = placeOf(pixel, scale, cells);
    cell[pixel] = static_cast<std::uint32_t>(place.cell);
    fraction[pixel] = place.fraction;
    for (; next <= place.cell; ++next) {
      first[next] = pixel;
    }
  }
}

MaskMaker::MaskMaker(const Prototypes& prototypes, std::size_t factor, Axis columns, Axis rows)
    : prototypes_(prototypes), factor_(factor), columns_(std::move(columns)), rows_(std::move(rows)) {}

MaskMaker MaskMaker::forSource(const Prototypes& prototypes, const Letterbox& letterbox) {
  constexpr int kStride = 4;  // pixels of the network's input to a cell of the prototypes
  const Size cells{static_cast<int>(prototypes.width), static_cast<int>(prototypes.height)};
  const Letterbox input = Letterbox::fit(letterbox.source, {kStride * cells.width, kStride * cells.height});
  const int padding = (input.network.height - input.scaled.height) | (input.network.width - input.scaled.width);
  const int factor = kStride / std::gcd(kStride, padding | (padding / 2));
  const Letterbox grid = Letterbox::fit(letterbox.source, {factor * cells.width, factor * cells.height});
  const auto axis = [](int offset, int scaled, int source) {
    return Axis(static_cast<std::size_t>(offset), static_cast<std::size_t>(scaled), static_cast<std::size_t>(source));
  };
  return {prototypes, static_cast<std::size_t>(factor), axis(grid.left, grid.scaled.width, letterbox.source.width),
          axis(grid.top, grid.scaled.height, letterbox.source.height)};
}

MaskMaker MaskMaker::forNetwork(const Prototypes& prototypes, const Letterbox& letterbox) {
  return {prototypes, 1, Axis(0, prototypes.width, static_cast<std::size_t>(letterbox.network.width)),
          Axis(0, prototypes.height, static_cast<std::size_t>(letterbox.network.height))};
}

std::vector<Masks::Run> MaskMaker::make(const ValueTable& coefficients, std::size_t anchor, const Box& box) {
  std::vector<Masks::Run> runs;
  const auto [left, right] = pixelsWithin(box.left, box.right, columns_.pixels);
  const auto [top, bottom] = pixelsWithin(box.top, box.bottom, rows_.pixels);
  if (left >= right || top >= bottom) {
    return runs;
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
      return Span{placeOf(grid.begin, scale, cells).cell,
                  std::min(placeOf(grid.end - 1, scale, cells).cell + 2, cells)};
    };
    const Span cellRows = under(gridRows, prototypes_.height), cellColumns = under(gridColumns, prototypes_.width);
    weigh(coefficients, anchor, cellRows, cellColumns);
    enlarge(gridRows, gridColumns, cellRows, cellColumns);
  }
  for (std::size_t y = top; y < bottom; ++y) {
    if (y == top || rows_.cell[y] != rows_.cell[y - 1]) {
      sortCells(rows_.offset + rows_.cell[y], gridRows, gridColumns, {left, right});
    }
    addRow(y, runs);
  }
  return runs;
}

// Prototypes times coefficients, for the cells of these rows and columns.
void MaskMaker::weigh(const ValueTable& coefficients, std::size_t anchor, Span rows, Span columns) {
  const std::size_t width = columns.end - columns.begin;
  logits_.assign((rows.end - rows.begin) * width, 0.0F);
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
      const float *a = planes[0] + start, *b = planes[1] + start, *c = planes[2] + start, *d = planes[3] + start;
      for (std::size_t x = 0; x < width; ++x) {
        to[x] += (weights[0] * a[x] + weights[1] * b[x]) + (weights[2] * c[x] + weights[3] * d[x]);
      }
    }
  }
}

// The first scaling: from cells of the prototypes to cells of the grid.
void MaskMaker::enlarge(Span gridRows, Span gridColumns, Span rows, Span columns) {
  const std::size_t width = columns.end - columns.begin;
  const std::size_t gridWidth = gridColumns.end - gridColumns.begin;
  const float scale = 1.0F / static_cast<float>(factor_);
  enlarged_.resize((gridRows.end - gridRows.begin) * gridWidth);
  row_.resize(width);
  float* to = enlarged_.data();
  for (std::size_t y = gridRows.begin; y < gridRows.end; ++y, to += gridWidth) {
    const Place place = placeOf(y, scale, prototypes_.height);
    const float* above = logits_.data() + (place.cell - rows.begin) * width;
    const float* below = place.cell + 1 < rows.end ? above + width : above;
    for (std::size_t x = 0; x < width; ++x) {
      row_[x] = above[x] * (1.0F - place.fraction) + below[x] * place.fraction;
    }
    for (std::size_t x = 0; x < gridWidth; ++x) {
      const Place across = placeOf(gridColumns.begin + x, scale, prototypes_.width);
      const std::size_t left = across.cell - columns.begin, right = std::min(left + 1, width - 1);
      to[x] = row_[left] * (1.0F - across.fraction) + row_[right] * across.fraction;
    }
  }
}

// What the pixels between two rows of the grid have in common: bilinear values lie between those of the corners, so a
// cell whose corners are all above 0 is inside, and one without such a corner is outside.
void MaskMaker::sortCells(std::size_t cellRow, Span gridRows, Span gridColumns, Span pixels) {
  const std::vector<float>& grid = factor_ == 1 ? logits_ : enlarged_;
  const std::size_t width = gridColumns.end - gridColumns.begin;
  above_ = grid.data() + (cellRow - gridRows.begin) * width;
  below_ = cellRow + 1 < gridRows.end ? above_ + width : above_;
  const std::size_t firstCell = gridColumns.begin - columns_.offset;
  stretches_.clear();
  for (std::size_t x = 0; x < width; ++x) {
    const Span within{std::max(columns_.first[firstCell + x], pixels.begin),
                      std::min(columns_.first[firstCell + x + 1], pixels.end)};
    const std::size_t next = std::min(x + 1, width - 1);
    const int corners = (above_[x] > 0.0F) + (above_[next] > 0.0F) + (below_[x] > 0.0F) + (below_[next] > 0.0F);
    if (corners == 0 || within.begin >= within.end) {
      continue;
    }
    const bool inside = corners == 4;
    if (inside && !stretches_.empty() && stretches_.back().inside && stretches_.back().pixels.end == within.begin) {
      stretches_.back().pixels.end = within.end;
    } else {
      stretches_.push_back({inside, within, x, next});
    }
  }
}

// The last scaling, of one row of pixels, straight to runs.
void MaskMaker::addRow(std::size_t y, std::vector<Masks::Run>& runs) {
  const float down = rows_.fraction[y];
  const auto start = static_cast<std::uint32_t>(y * columns_.pixels);
  const std::size_t first = runs.size();  // of this row
  const auto append = [&](std::size_t begin, std::size_t end) {
    const auto from = start + static_cast<std::uint32_t>(begin), to = start + static_cast<std::uint32_t>(end);
    if (runs.size() > first && runs.back().end == from) {
      runs.back().end = to;
    } else {
      runs.push_back({from, to});
    }
  };
  for (const Stretch& stretch : stretches_) {
    if (stretch.inside) {
      append(stretch.pixels.begin, stretch.pixels.end);
      continue;
    }
    const float left = above_[stretch.left] * (1.0F - down) + below_[stretch.left] * down;
    const float right = above_[stretch.right] * (1.0F - down) + below_[stretch.right] * down;
    const bool beginsInside = left > 0.0F, endsInside = right > 0.0F;
    if (beginsInside && endsInside) {
      append(stretch.pixels.begin, stretch.pixels.end);
    } else if (beginsInside || endsInside) {
      // Along a straight line the sign changes once.
      std::size_t low = stretch.pixels.begin, high = stretch.pixels.end;
      while (low < high) {
        const std::size_t pixel = (low + high) / 2;
        const float along = columns_.fraction[pixel];
        const bool inside = left * (1.0F - along) + right * along > 0.0F;
        (inside == beginsInside ? low : high) = inside == beginsInside ? pixel + 1 : pixel;
      }
      const Span part = beginsInside ? Span{stretch.pixels.begin, low} : Span{low, stretch.pixels.end};
      if (part.begin < part.end) {
        append(part.begin, part.end);
      }
    }
  }
}

}  // namespace trtyolo
