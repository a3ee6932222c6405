// Masks as runs of pixels.
#include <algorithm>
#include <numeric>
#include <span>
#include <stdexcept>
#include <string>

#include "trtyolo.hpp"

namespace trtyolo {
namespace {

// The boundaries of runs in a row, from left to right: where one begins, where it ends, where the next one begins, ...
class RowBoundaries {
 public:
  RowBoundaries(std::span<const Masks::Run> runs, std::uint32_t row) : runs_(runs), row_(row) {}

  bool empty() const { return runs_.empty(); }
  std::uint32_t column() const { return (inside_ ? runs_.front().end : runs_.front().begin) - row_; }
  // Whether the next boundary is in this column; it is behind us then.
  bool pass(std::uint32_t here) {
    if (empty() || column() != here) {
      return false;
    }
    runs_ = inside_ ? runs_.subspan(1) : runs_;
    inside_ = !inside_;
    return true;
  }

 private:
  std::span<const Masks::Run> runs_;
  std::uint32_t row_;  // its first pixel
  bool inside_ = false;
};

// Columns in which a row differs from the one above it.
struct RowChange {
  std::uint32_t row, left, right;
};

void addChanges(RowBoundaries above, RowBoundaries row, std::uint32_t number, std::vector<RowChange>& changes) {
  constexpr std::uint32_t kBeyond = 0xFFFFFFFF;
  bool differs = false;
  std::uint32_t left = 0;
  while (!above.empty() || !row.empty()) {
    const std::uint32_t column =
        std::min(above.empty() ? kBeyond : above.column(), row.empty() ? kBeyond : row.column());
    bool turns = false;
    while (above.pass(column) || row.pass(column)) {
      turns = !turns;
    }
    if (!turns) {
      continue;
    }
    if (differs) {
      changes.push_back({number, left, column});
    }
    differs = !differs;
    left = column;
  }
}

// Where pixels change between outside and inside, numbered down the columns from left to right (x * height + y), as if
// each column began and ended outside. The time grows with the number of runs and of changes.
std::vector<std::uint32_t> changesDownColumns(std::span<const Masks::Run> runs, std::uint32_t width,
                                              std::uint32_t height) {
  std::vector<RowChange> changes;
  std::uint32_t left = width, right = 0;
  std::span<const Masks::Run> above;
  for (std::uint32_t row = 0; !runs.empty() || !above.empty(); ++row) {
    if (above.empty()) {
      row = runs.front().begin / width;
    }
    std::size_t count = 0;
    while (count < runs.size() && runs[count].begin / width == row) {
      ++count;
    }
    const std::span<const Masks::Run> here = runs.first(count);
    if (!here.empty()) {
      left = std::min(left, here.front().begin - row * width);
      right = std::max(right, here.back().end - row * width);
    }
    addChanges({above, (row - 1) * width}, {here, row * width}, row, changes);
    above = here;
    runs = runs.subspan(count);
  }
  // Sorted by their columns, in each of which they are in the order of rows.
  std::vector<std::size_t> places(right > left ? right - left + 1 : 1);
  for (const RowChange& change : changes) {
    for (std::uint32_t x = change.left; x < change.right; ++x) {
      ++places[x - left + 1];
    }
  }
  std::partial_sum(places.begin(), places.end(), places.begin());
  std::vector<std::uint32_t> sorted(places.back());
  for (const RowChange& change : changes) {
    for (std::uint32_t x = change.left; x < change.right; ++x) {
      sorted[places[x - left]++] = x * height + change.row;
    }
  }
  return sorted;
}

}  // namespace

Masks::Masks(int width, int height) : width_(width), height_(height) {
  constexpr std::int64_t kMost = std::int64_t{1} << 32;
  if (width < 0 || height < 0 || std::int64_t{width} * height >= kMost) {
    throw std::invalid_argument("masks of " + std::to_string(width) + " x " + std::to_string(height) +
                                " pixels are not possible; sides must not be negative, and there must be less than "
                                "2^32 pixels");
  }
}

std::size_t Masks::beginOf(std::size_t i) const {
  if (i >= ends_.size()) {
    throw std::out_of_range("mask " + std::to_string(i) + " was asked for, there are " + std::to_string(ends_.size()));
  }
  return i == 0 ? 0 : ends_[i - 1];
}

const Masks::Run* Masks::runs(std::size_t i) const {
  return runs_.data() + beginOf(i);
}

std::size_t Masks::runCount(std::size_t i) const {
  const std::size_t begin = beginOf(i);
  return ends_[i] - begin;
}

Mask Masks::operator[](std::size_t i) const {
  Mask mask{{}, width_, height_};
  const std::size_t begin = beginOf(i);
  mask.data.resize(static_cast<std::size_t>(width_) * static_cast<std::size_t>(height_));
  for (std::size_t run = begin; run < ends_[i]; ++run) {
    std::fill(mask.data.begin() + runs_[run].begin, mask.data.begin() + runs_[run].end, std::uint8_t{1});
  }
  return mask;
}

std::size_t Masks::area(std::size_t i) const {
  std::size_t pixels = 0;
  for (std::size_t run = beginOf(i); run < ends_[i]; ++run) {
    pixels += runs_[run].end - runs_[run].begin;
  }
  return pixels;
}

std::vector<std::uint32_t> Masks::cocoCounts(std::size_t i) const {
  const std::size_t begin = beginOf(i);
  const auto width = static_cast<std::uint32_t>(width_), height = static_cast<std::uint32_t>(height_);
  const std::vector<std::uint32_t> changes =
      changesDownColumns({runs_.data() + begin, runs_.data() + ends_[i]}, width, height);
  std::vector<std::uint32_t> counts;
  std::uint32_t last = 0;
  for (std::size_t change = 0; change < changes.size(); ++change) {
    // Inside at the end of a column and at the beginning of the next one: no change.
    if (change + 1 < changes.size() && changes[change] == changes[change + 1]) {
      ++change;
      continue;
    }
    counts.push_back(changes[change] - last);
    last = changes[change];
  }
  if (last < width * height || counts.empty()) {
    counts.push_back(width * height - last);
  }
  return counts;
}

void Masks::add(const std::vector<Run>& runs) {
  const auto width = static_cast<std::uint32_t>(width_);
  const auto pixels = width * static_cast<std::uint32_t>(height_);
  std::uint32_t last = 0, rowEnd = 0;
  for (const Run& run : runs) {
    // A division for each row, not for each run.
    if (run.begin >= rowEnd && run.begin < pixels) {
      rowEnd = (run.begin / width + 1) * width;
    }
    if (run.begin < last || run.end <= run.begin || run.end > rowEnd) {
      throw std::invalid_argument("a run of pixels " + std::to_string(run.begin) + " to " + std::to_string(run.end) +
                                  " does not rise, or leaves its row, in masks of " + std::to_string(width_) + " x " +
                                  std::to_string(height_));
    }
    last = run.end;
  }
  runs_.insert(runs_.end(), runs.begin(), runs.end());
  try {
    ends_.push_back(runs_.size());
  } catch (...) {
    runs_.resize(runs_.size() - runs.size());
    throw;
  }
}

}  // namespace trtyolo
