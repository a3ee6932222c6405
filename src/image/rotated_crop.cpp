#include "image/rotated_crop.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

#include "image/rotated_taps.hpp"

namespace trtyolo {
namespace {

struct Span {
  int first = 0;
  int end = 0;

  int length() const { return end - first; }
};

// The columns or rows of a side of the image that pixels between the places of these corners are made of.
Span touched(std::array<std::int64_t, 4> corners, int side) {
  const auto [least, most] = std::minmax_element(corners.begin(), corners.end());
  const auto inside = [side](std::int64_t value) { return static_cast<int>(std::clamp<std::int64_t>(value, 0, side)); };
  return {inside(*least >> kPlaceBits), inside((*most >> kPlaceBits) + 2)};
}

// The pixels of the image that the part may need, and where they lie.
struct Neighbourhood {
  Span columns, rows;
  const std::uint8_t* const* lines;
  std::size_t channels;

  bool holdsAll(const RotatedTaps& taps) const {
    return taps.left >= columns.first && taps.left + 1 < columns.end && taps.top >= rows.first &&
           taps.top + 1 < rows.end;
  }
  const std::uint8_t* pixel(int column, int row) const {
    return lines[row - rows.first] + static_cast<std::size_t>(column - columns.first) * channels;
  }
  // What is not there is outside the image.
  std::uint32_t byte(int column, int row, std::size_t channel) const {
    const bool there = column >= columns.first && column < columns.end && row >= rows.first && row < rows.end;
    return there ? pixel(column, row)[channel] : kOutsideByte;
  }
};

}  // namespace

ImageView RotatedCropper::upright(const ImageView& image) {
  if (!image.rotation) {
    return image;
  }
  const Rotation& rotation = *image.rotation;
  const int right = image.size.width - 1, bottom = image.size.height - 1;
  const Span columns = touched({rotation.columnOf(0, 0), rotation.columnOf(right, 0), rotation.columnOf(0, bottom),
                                rotation.columnOf(right, bottom)},
                               rotation.source.width);
  Span rows = touched(
      {rotation.rowOf(0, 0), rotation.rowOf(right, 0), rotation.rowOf(0, bottom), rotation.rowOf(right, bottom)},
      rotation.source.height);
  if (columns.length() < 1) {
    rows = {};
  }
  rows_.clear();
  if (rows.length() > 0) {
    sourceRows_.open(image.inMemory().cropped(columns.first, rows.first, {columns.length(), rows.length()}),
                     static_cast<std::size_t>(rows.length()));
    for (int row = 0; row < rows.length(); ++row) {
      rows_.push_back(sourceRows_.row(row));
    }
  }

  const auto channels = static_cast<std::size_t>(image.channels);
  const std::size_t used = channels == 1 ? 1 : 3;
  const std::size_t pitch = static_cast<std::size_t>(image.size.width) * channels;
  pixels_.resize(pitch * static_cast<std::size_t>(image.size.height));
  const Neighbourhood around{columns, rows, rows_.data(), channels};
  std::uint8_t* to = pixels_.data();
  for (int y = 0; y < image.size.height; ++y) {
    for (int x = 0; x < image.size.width; ++x, to += channels) {
      const RotatedTaps taps = rotatedTaps(rotation, x, y);
      if (around.holdsAll(taps)) {
        const std::uint8_t* const above = around.pixel(taps.left, taps.top);
        const std::uint8_t* const below = around.pixel(taps.left, taps.top + 1);
        for (std::size_t channel = 0; channel < used; ++channel) {
          to[channel] = static_cast<std::uint8_t>(
              rotatedByte(taps, above[channel], above[channels + channel], below[channel], below[channels + channel]));
        }
        continue;
      }
      for (std::size_t channel = 0; channel < used; ++channel) {
        const auto at = [&](int column, int row) { return around.byte(taps.left + column, taps.top + row, channel); };
        to[channel] = static_cast<std::uint8_t>(rotatedByte(taps, at(0, 0), at(1, 0), at(0, 1), at(1, 1)));
      }
    }
  }
  return {pixels_.data(), image.size, image.channels, pitch};
}

}  // namespace trtyolo
