// Masks as runs of pixels.
#include <algorithm>
#include <stdexcept>
#include <string>

#include "trtyolo.hpp"

namespace trtyolo {

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
  std::vector<std::uint32_t> counts;
  if (begin == ends_[i]) {
    counts.push_back(width * height);
    return counts;
  }
  // The part of the image that has runs, turned so that its columns lie in memory one after the other.
  std::uint32_t left = width, right = 0;
  for (std::size_t run = begin; run < ends_[i]; ++run) {
    const std::uint32_t x = runs_[run].begin % width;
    left = std::min(left, x);
    right = std::max(right, x + (runs_[run].end - runs_[run].begin));
  }
  const std::uint32_t top = runs_[begin].begin / width, bottom = runs_[ends_[i] - 1].begin / width + 1;
  const std::size_t rows = bottom - top;
  std::vector<std::uint8_t> turned(rows * (right - left));
  for (std::size_t run = begin; run < ends_[i]; ++run) {
    const std::uint32_t y = runs_[run].begin / width;
    for (std::uint32_t pixel = runs_[run].begin; pixel < runs_[run].end; ++pixel) {
      turned[(pixel - y * width - left) * rows + (y - top)] = 1;
    }
  }
  std::uint32_t pending = left * height;  // pixels alike that are not yet counted
  std::uint8_t value = 0;
  const auto take = [&](std::uint8_t next, std::uint32_t count) {
    if (next != value && count > 0) {
      counts.push_back(pending);
      pending = 0;
      value = next;
    }
    pending += count;
  };
  for (std::uint32_t x = 0; x < right - left; ++x) {
    take(0, top);
    for (std::size_t y = 0; y < rows; ++y) {
      take(turned[x * rows + y], 1);
    }
    take(0, height - bottom);
  }
  take(0, (width - right) * height);
  if (pending > 0) {
    counts.push_back(pending);
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
