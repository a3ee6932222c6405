// The letterbox: geometry tables, the walk over the rows, and the choice of SIMD target at run time.
#include "image/letterbox.hpp"

#include <algorithm>
#include <cstring>
#include <type_traits>
#include <utility>
#include <vector>

#include "hwy/cache_control.h"
#include "image/letterbox_plan.hpp"
#include "image/resize_arithmetic.hpp"
#include "image/row_source.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "image/letterbox_rows-inl.hpp"
#include "hwy/foreach_target.h"
//
#include "image/letterbox_rows-inl.hpp"

namespace trtyolo {

HWY_EXPORT(filterColumns);
HWY_EXPORT(blendRows);
HWY_EXPORT(blendBytes);
HWY_EXPORT(fillFloats);

namespace {

constexpr std::size_t kRowsAhead = 2;       // how early source rows are asked for
constexpr std::size_t kPixelsAtOnce = 8;    // between two requests
constexpr std::size_t kScaledBytes = 4;     // of a pixel that is written as bytes
constexpr std::size_t kPitchMultiple = 64;  // bytes of the longest vector

// Asks the processor for a part of a row that will be read soon. Between two runs the network has emptied the caches,
// and where rows are left out no hardware foresees the next one. To be called a little at a time, between other work:
// a whole row is more than the processor can wait for at once.
void prefetchBytes(const std::uint8_t* begin, const std::uint8_t* end) {
  constexpr std::ptrdiff_t kCacheLine = 64;
  for (; begin < end; begin += kCacheLine) {
    hwy::Prefetch(begin);
  }
}

// Fetches, for every pixel of the scaled row, the two source pixels that it lies between. Asks for `later`, another
// row, on the way.
void stageRow(const ColumnPlan& plan, const std::uint8_t* source, int sourceWidth, const std::uint8_t* later,
              std::uint8_t* staged) {
  // Locals, since a store of bytes might change anything that is reached through a reference.
  const std::uint32_t* const offsets = plan.offsets.data();
  const std::size_t whole = plan.whole;
  const auto copyWhole = [=](auto bytes, std::uint8_t* even, std::uint8_t* odd) {
    const auto copyTwo = [&](std::size_t x) {
      std::memcpy(even, source + offsets[x], bytes);
      std::memcpy(odd, source + offsets[x + 1], bytes);
      even += kStagedBytes;
      odd += kStagedBytes;
    };
    std::size_t x = 0;
    for (; x + kPixelsAtOnce < whole; x += kPixelsAtOnce) {
      prefetchBytes(later + offsets[x], later + offsets[x + kPixelsAtOnce]);
      for (std::size_t i = 0; i < kPixelsAtOnce; i += 2) {
        copyTwo(x + i);
      }
    }
    for (; x + 2 <= whole; x += 2) {
      copyTwo(x);
    }
    if (x < whole) {
      std::memcpy(even, source + offsets[x], bytes);
    }
  };
  std::uint8_t* const odd = staged + plan.half * kStagedBytes;
  const auto channels = static_cast<std::size_t>(plan.channels);
  if (channels == 1) {
    copyWhole(std::integral_constant<std::size_t, 2>(), staged, odd);
  } else {
    copyWhole(std::integral_constant<std::size_t, kStagedBytes>(), staged, odd);
  }
  // At the end of the row eight bytes may reach past it, and the last pixel has no right neighbour (nor weight for it).
  const std::size_t last = (static_cast<std::size_t>(sourceWidth) - 1) * channels;
  for (std::size_t x = whole; x < plan.width; ++x) {
    std::uint8_t* to = staged + plan.slotOf(x) * kStagedBytes;
    const std::size_t left = offsets[x];
    std::memcpy(to, source + left, channels);
    std::memcpy(to + channels, source + std::min(left + channels, last), channels);
  }
}

// A row of the scaled image whose pixels are pixels of the source. Asks for `later`, another row, on the way.
void pickRow(const ColumnPlan& plan, const std::uint8_t* source, const std::uint8_t* later, std::uint8_t* to) {
  const std::uint32_t* const offsets = plan.offsets.data();
  const std::size_t whole = plan.whole;
  std::size_t x = 0;
  for (; x + kPixelsAtOnce < whole; x += kPixelsAtOnce) {
    prefetchBytes(later + offsets[x], later + offsets[x + kPixelsAtOnce]);
    for (std::size_t i = 0; i < kPixelsAtOnce; ++i) {
      std::memcpy(to + (x + i) * kScaledBytes, source + offsets[x + i], kScaledBytes);
    }
  }
  for (; x < whole; ++x) {
    std::memcpy(to + x * kScaledBytes, source + offsets[x], kScaledBytes);
  }
  for (; x < plan.width; ++x) {
    std::memcpy(to + x * kScaledBytes, source + offsets[x], static_cast<std::size_t>(plan.channels));
  }
}

// Sets all of a plane around the scaled image.
void writeBorder(const Letterbox& box, float value, float* plane) {
  const auto width = static_cast<std::size_t>(box.network.width);
  const auto left = static_cast<std::size_t>(box.left);
  const auto right = width - left - static_cast<std::size_t>(box.scaled.width);
  const auto top = static_cast<std::size_t>(box.top);
  const auto scaledHeight = static_cast<std::size_t>(box.scaled.height);
  const std::size_t bottom = static_cast<std::size_t>(box.network.height) - top - scaledHeight;
  float* const image = plane + top * width;
  HWY_DYNAMIC_DISPATCH(fillFloats)(plane, top * width, value);
  HWY_DYNAMIC_DISPATCH(fillFloats)(image + scaledHeight * width, bottom * width, value);
  if (left + right > 0) {
    for (float* row = image; row != image + scaledHeight * width; row += width) {
      HWY_DYNAMIC_DISPATCH(fillFloats)(row, left, value);
      HWY_DYNAMIC_DISPATCH(fillFloats)(row + width - right, right, value);
    }
  }
}

}  // namespace

ColumnPlan::ColumnPlan(int sourceWidth, int scaledWidth, int channelCount)
    : channels(channelCount), width(static_cast<std::size_t>(scaledWidth)) {
  half = roundUp((width + 1) / 2, kSlotMultiple);
  offsets.resize(width);
  weight0 = allocateZeros<std::uint16_t>(slots() * kWords);
  weight1 = allocateZeros<std::uint16_t>(slots() * kWords);
  tap0.fill(128);
  tap1.fill(128);
  for (std::size_t pixel = 0; pixel < 2; ++pixel) {
    for (std::size_t channel = 0; channel < 3; ++channel) {
      const std::size_t high = (pixel * kWords + channel) * 2 + 1;  // Highway's targets are little-endian
      const std::size_t from = pixel * kStagedBytes + (channels == 1 ? 0 : channel);
      tap0[high] = static_cast<std::uint8_t>(from);
      tap1[high] = static_cast<std::uint8_t>(from + static_cast<std::size_t>(channels));
    }
  }
  const std::size_t rowBytes = static_cast<std::size_t>(sourceWidth) * static_cast<std::size_t>(channels);
  const std::size_t fetched = channels == 1 ? 2 : kStagedBytes;
  const double step = sourceStep(sourceWidth, scaledWidth);
  picks = channels != 1;  // a grey pixel becomes three
  for (std::size_t x = 0; x < width; ++x) {
    const ColumnTaps taps = columnTaps(positionAt(static_cast<int>(x), step), sourceWidth);
    offsets[x] = static_cast<std::uint32_t>(taps.left * channels);
    if (offsets[x] + fetched <= rowBytes) {
      whole = x + 1;
    }
    const std::size_t word = slotOf(x) * kWords;
    picks = picks && taps.weight1 == 0;
    std::fill_n(weight0.get() + word, kWords, static_cast<std::uint16_t>(16 * taps.weight0));
    std::fill_n(weight1.get() + word, kWords, static_cast<std::uint16_t>(16 * taps.weight1));
  }
}

std::vector<RowTaps> planRows(int sourceHeight, int scaledHeight) {
  std::vector<RowTaps> rows(static_cast<std::size_t>(scaledHeight));
  const double step = sourceStep(sourceHeight, scaledHeight);
  for (int y = 0; y < scaledHeight; ++y) {
    rows[static_cast<std::size_t>(y)] = rowTaps(positionAt(y, step), sourceHeight);
  }
  return rows;
}

struct Letterboxer::State {
  // The tables belong to this geometry.
  Size source;
  Size scaled;
  ColumnPlan columns;
  std::vector<RowTaps> rows;

  RowSource sourceRows;
  hwy::AlignedFreeUniquePtr<std::uint8_t[]> staged;

  // The two source rows filtered last; enlarging uses each several times.
  struct FilteredRow {
    int number = -1;
    hwy::AlignedFreeUniquePtr<std::uint16_t[]> words;
  };
  std::array<FilteredRow, 2> filtered;

  void prepare(const ImageView& image, Size scaledSize) {
    for (FilteredRow& row : filtered) {
      row.number = -1;
    }
    sourceRows.open(image, 1);
    if (image.size == source && scaledSize == scaled && image.channels == columns.channels) {
      return;
    }
    source = {};  // no geometry fits, should an allocation fail
    columns = ColumnPlan(image.size.width, scaledSize.width, image.channels);
    rows = planRows(image.size.height, scaledSize.height);
    staged = allocateZeros<std::uint8_t>(columns.slots() * kStagedBytes);
    for (FilteredRow& row : filtered) {
      row.words = allocateZeros<std::uint16_t>(columns.slots() * kWords);
    }
    source = image.size;
    scaled = scaledSize;
  }

  // What row y of the scaled image is made of.
  RowBlend blendAt(std::size_t y) {
    const RowTaps& row = rows[y];
    const RowTaps& later = laterThan(y);
    RowBlend blend;
    blend.row0 = filteredRow(row.source0, later.source0, row.source1);
    blend.row1 = filteredRow(row.source1, later.source1, row.source0);
    blend.weight0 = row.weight0;
    blend.weight1 = row.weight1;
    return blend;
  }

  // The row whose pixels are to be asked for while row y is made.
  const RowTaps& laterThan(std::size_t y) const { return rows[std::min(y + kRowsAhead, rows.size() - 1)]; }

 private:
  // The filtered source row `number`, without giving up row `kept`. Asks for row `later` if it reads any.
  const std::uint16_t* filteredRow(int number, int later, int kept) {
    for (const FilteredRow& row : filtered) {
      if (row.number == number) {
        return row.words.get();
      }
    }
    FilteredRow& row = filtered[0].number == kept ? filtered[1] : filtered[0];
    stageRow(columns, sourceRows.row(number), source.width, sourceRows.ahead(later), staged.get());
    HWY_DYNAMIC_DISPATCH(filterColumns)(columns, staged.get(), row.words.get());
    row.number = number;
    return row.words.get();
  }
};

Letterboxer::Letterboxer() : state_(std::make_unique<State>()) {}
Letterboxer::~Letterboxer() = default;
Letterboxer::Letterboxer(Letterboxer&&) noexcept = default;
Letterboxer& Letterboxer::operator=(Letterboxer&&) noexcept = default;

void Letterboxer::write(const ImageView& image, const Letterbox& box, const Normalization& normalization, float* planes,
                        Border border) {
  State& state = *state_;
  state.prepare(image, box.scaled);
  const auto width = static_cast<std::size_t>(box.network.width);
  PlaneRows to(planes, width * static_cast<std::size_t>(box.network.height), normalization);
  for (std::size_t channel = 0; border == Border::Write && channel < 3; ++channel) {
    const float value = normalized(normalization.border / 255.0f, to.mean[channel], to.std[channel]);
    writeBorder(box, value, to.rows[channel]);
  }
  to.advance(static_cast<std::size_t>(box.top) * width + static_cast<std::size_t>(box.left));
  for (std::size_t y = 0; y < state.rows.size(); ++y) {
    HWY_DYNAMIC_DISPATCH(blendRows)(state.columns, state.blendAt(y), to);
    to.advance(width);
  }
}

std::size_t Letterboxer::scaledPitch(int scaledWidth) {
  return roundUp(static_cast<std::size_t>(scaledWidth) * kScaledBytes, kPitchMultiple);
}

void Letterboxer::scaleRows(const ImageView& image, Size scaled, int first, int end, std::uint8_t* pixels) {
  State& state = *state_;
  state.prepare(image, scaled);
  const std::size_t pitch = scaledPitch(scaled.width);
  for (int number = first; number < end; ++number, pixels += pitch) {
    const auto y = static_cast<std::size_t>(number);
    const RowTaps& row = state.rows[y];
    const bool one = row.source0 == row.source1 && (row.weight0 == 0 || row.weight1 == 0);
    if (state.columns.picks && one) {
      pickRow(state.columns, state.sourceRows.row(row.source0), state.sourceRows.ahead(state.laterThan(y).source0),
              pixels);
    } else {
      HWY_DYNAMIC_DISPATCH(blendBytes)(state.columns, state.blendAt(y), pixels);
    }
  }
}

}  // namespace trtyolo
