// The center crop: geometry tables, the walk over the rows, and the choice of SIMD target at run time.
#include "image/center_crop.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#include "image/center_crop_plan.hpp"
#include "image/center_crop_windows.hpp"
#include "image/row_source.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "image/center_crop_rows-inl.hpp"
#include "hwy/foreach_target.h"
//
#include "image/center_crop_rows-inl.hpp"

namespace trtyolo {

HWY_EXPORT(filterCropColumns);
HWY_EXPORT(blendCropRows);
HWY_EXPORT(convertCropRow);

namespace {

int roundHalfUp(double value) {
  return static_cast<int>(std::floor(value + 0.5));
}

// With `copied`, all that the columns read is a copy or a blend of rows.
CropColumns planColumns(const CropSide& side, int channelCount, bool copied) {
  CropColumns plan;
  const std::vector<CropWindow> windows = cropWindows(side);
  plan.channels = static_cast<std::size_t>(channelCount);
  plan.width = windows.size();
  plan.groups = (longestOf(windows) + kCropTaps - 1) / kCropTaps;
  plan.weights = allocateZeros<std::uint32_t>(plan.width * plan.groups * 4);
  plan.offsets.reserve(plan.width);
  const std::size_t rowBytes = static_cast<std::size_t>(side.source) * plan.channels;
  std::uint32_t* weights = plan.weights.get();
  for (const CropWindow& window : windows) {
    const std::size_t offset = static_cast<std::size_t>(window.first) * plan.channels;
    plan.offsets.push_back(static_cast<std::uint32_t>(offset));
    if (!copied && offset + plan.span() <= rowBytes) {
      plan.whole = plan.offsets.size();
    }
    for (std::size_t tap = 0; tap < window.weights.size(); ++tap) {
      const auto weight = static_cast<std::uint32_t>(window.weights[tap]);
      std::uint32_t* const group = weights + tap / kCropTaps * 4;
      const std::size_t pair = tap % kCropTaps / 2;
      const std::size_t shift = tap % 2 * 16;
      group[pair] |= (weight & ((1U << kCropLowBits) - 1)) << shift;
      group[2 + pair] |= (weight >> kCropLowBits) << shift;
    }
    weights += plan.groups * 4;
  }
  if (plan.whole < plan.width) {
    plan.tailStart = plan.offsets[plan.whole];
    plan.tailBytes = plan.offsets.back() - plan.tailStart + plan.span();
  }
  plan.taps01.fill(128);
  plan.taps23.fill(128);
  for (std::size_t channel = 0; channel < 3; ++channel) {
    for (std::size_t tap = 0; tap < 2; ++tap) {
      const std::size_t low = channel * 4 + tap * 2;  // Highway's targets are little-endian
      const std::size_t from = tap * plan.channels + (channelCount == 1 ? 0 : channel);
      plan.taps01[low] = static_cast<std::uint8_t>(from);
      plan.taps23[low] = static_cast<std::uint8_t>(from + 2 * plan.channels);
    }
  }
  return plan;
}

}  // namespace

CropSides cropSides(Size image, Size network) {
  CropSides sides{{image.width, network.width, network.width}, {image.height, network.height, network.height}};
  if (network.width == network.height) {
    // torchvision's Resize with one number: the longer side is rounded down.
    CropSide& longer = image.width > image.height ? sides.columns : sides.rows;
    const std::int64_t shorter = std::min(image.width, image.height);
    longer.scaled = std::int64_t{network.width} * longer.source / shorter;
  }
  return sides;
}

std::vector<CropWindow> cropWindows(const CropSide& side) {
  const double scale = side.scale();
  const double reach = std::max(scale, 1.0);
  const double perPixel = 1.0 / reach;
  std::vector<CropWindow> windows(static_cast<std::size_t>(side.kept));
  std::vector<double> shares;
  std::int64_t pixel = side.first();
  for (CropWindow& window : windows) {
    const double center = (static_cast<double>(pixel++) + 0.5) * scale;
    window.first = std::max(roundHalfUp(center - reach), 0);
    const int end = std::min(roundHalfUp(center + reach), side.source);
    shares.clear();
    double total = 0;
    for (int at = window.first; at < end; ++at) {
      const double distance = std::abs((at - center + 0.5) * perPixel);
      shares.push_back(distance < 1.0 ? 1.0 - distance : 0.0);
      total += shares.back();
    }
    window.weights.reserve(shares.size());
    for (const double share : shares) {
      const double weight = total != 0.0 ? share / total : share;
      window.weights.push_back(roundHalfUp(weight * (1 << kCropWeightBits)));
    }
  }
  return windows;
}

std::size_t longestOf(const std::vector<CropWindow>& windows) {
  std::size_t longest = 0;
  for (const CropWindow& window : windows) {
    longest = std::max(longest, window.weights.size());
  }
  return longest;
}

void blendWindow(const std::uint8_t* const* rows, const CropWindow& window, std::size_t bytes, std::uint8_t* blended) {
  HWY_DYNAMIC_DISPATCH(blendCropRows)(rows, window.weights.data(), window.weights.size(), bytes, blended);
}

struct CenterCropper::State {
  // The tables belong to this geometry.
  Size source;
  Size network;
  CropColumns columns;
  std::vector<CropWindow> rows;
  bool verticalFirst = false;

  // Filtered rows; row n lies in slot n % slots. Where the horizontal pass comes first, they are the rows of the source
  // that a row of the output may need, and those that are filtered along with the last of them. Where it comes second,
  // they are rows of the output.
  std::size_t slots = 0;
  std::size_t rowBytes = 0;
  hwy::AlignedFreeUniquePtr<std::uint8_t[]> filtered;

  std::array<std::vector<std::uint8_t>, kCropRows> tails;
  std::vector<const std::uint8_t*> window;
  hwy::AlignedFreeUniquePtr<std::uint8_t[]> blended;

  RowSource sourceRows;

  void prepare(const ImageView& image, Size size) {
    makeTables(image, size);
    sourceRows.open(image, verticalFirst ? window.size() : kCropRows);
  }

  void makeTables(const ImageView& image, Size size) {
    if (image.size == source && size == network && static_cast<std::size_t>(image.channels) == columns.channels) {
      return;
    }
    source = {};  // no geometry fits, should an allocation fail
    const CropSides sides = cropSides(image.size, size);
    verticalFirst = sides.verticalFirst();
    columns = planColumns(sides.columns, image.channels, verticalFirst);
    rows = cropWindows(sides.rows);
    window.resize(longestOf(rows));
    slots = verticalFirst ? kCropRows : window.size() + kCropRows - 1;
    rowBytes = roundUp(columns.width * kCropPixel, kCropMultiple);
    filtered = allocateZeros<std::uint8_t>(slots * rowBytes);
    blended = allocateZeros<std::uint8_t>(rowBytes);
    for (std::vector<std::uint8_t>& tail : tails) {
      tail.assign(columns.tailBytes, 0);
    }
    source = image.size;
    network = size;
  }

  std::uint8_t* slotOf(int number) { return filtered.get() + static_cast<std::size_t>(number) % slots * rowBytes; }

  // Filters the source rows from `number` on, kCropRows of them. Past the end of the image the last row stands in; no
  // row of the output asks for those.
  void filterSource(int number) {
    CropSources sources;
    for (std::size_t i = 0; i < kCropRows; ++i) {
      const int row = number + static_cast<int>(i);
      sources.rows[i] = sourceRows.row(std::min(row, source.height - 1));
      if (columns.tailBytes > 0) {
        std::memcpy(tails[i].data(), sources.rows[i] + columns.tailStart, tailInRow());
      }
      sources.tails[i] = tails[i].data();
      sources.filtered[i] = slotOf(row);
    }
    HWY_DYNAMIC_DISPATCH(filterCropColumns)(columns, sources);
  }

  // Blends source rows to the rows of the output from `number` on, kCropRows of them or what is left, and filters
  // these.
  void filterBlended(int number) {
    CropSources sources;
    for (std::size_t i = 0; i < kCropRows; ++i) {
      const int outputRow = number + static_cast<int>(i);
      sources.tails[i] = tails[i].data();
      sources.filtered[i] = slotOf(outputRow);
      if (outputRow < network.height) {
        const CropWindow& row = rows[static_cast<std::size_t>(outputRow)];
        for (std::size_t tap = 0; tap < row.weights.size(); ++tap) {
          window[tap] = sourceRows.row(row.first + static_cast<int>(tap)) + columns.tailStart;
        }
        blendWindow(window.data(), row, tailInRow(), tails[i].data());
      }
    }
    HWY_DYNAMIC_DISPATCH(filterCropColumns)(columns, sources);
  }

  // How much of a copied tail comes from the row; the rest is padding.
  std::size_t tailInRow() const {
    const std::size_t end = static_cast<std::size_t>(source.width) * columns.channels;
    return std::min(end - columns.tailStart, columns.tailBytes);
  }

  // Row `number` of the output, finished but for the conversion. To be asked for in order; `next` is 0 at first.
  const std::uint8_t* rowOf(int number, int& next) {
    if (verticalFirst) {
      if (number == next) {
        filterBlended(number);
        next += static_cast<int>(kCropRows);
      }
      return slotOf(number);
    }
    const CropWindow& row = rows[static_cast<std::size_t>(number)];
    const std::size_t count = row.weights.size();
    next = std::max(next, row.first);
    for (; next < row.first + static_cast<int>(count); next += static_cast<int>(kCropRows)) {
      filterSource(next);
    }
    for (std::size_t tap = 0; tap < count; ++tap) {
      window[tap] = slotOf(row.first + static_cast<int>(tap));
    }
    blendWindow(window.data(), row, rowBytes, blended.get());
    return blended.get();
  }
};

CenterCropper::CenterCropper() : state_(std::make_unique<State>()) {}
CenterCropper::~CenterCropper() = default;
CenterCropper::CenterCropper(CenterCropper&&) noexcept = default;
CenterCropper& CenterCropper::operator=(CenterCropper&&) noexcept = default;

void CenterCropper::write(const ImageView& image, Size network, const Normalization& normalization, float* planes) {
  State& state = *state_;
  state.prepare(image, network);
  const auto width = static_cast<std::size_t>(network.width);
  PlaneRows to(planes, width * static_cast<std::size_t>(network.height), normalization);
  int next = 0;
  for (int y = 0; y < network.height; ++y) {
    HWY_DYNAMIC_DISPATCH(convertCropRow)(state.rowOf(y, next), width, to);
    to.advance(width);
  }
}

}  // namespace trtyolo
