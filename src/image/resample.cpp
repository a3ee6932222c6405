#include "image/resample.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "image/interpolation.hpp"
#include "image/real_pixel.hpp"
#include "image/resize_arithmetic.hpp"
#include "image/rows.hpp"

namespace trtyolo {
ImageView Resampler::byPillow(const ImageView& image, Size scaled) {
  const CropSides sides{{image.size.width, scaled.width, scaled.width},
                        {image.size.height, scaled.height, scaled.height}};
  if (!(sides == sides_)) {
    sides_ = {};  // no image fits, should an allocation fail
    columns_ = cropWindows(sides.columns);
    rows_ = cropWindows(sides.rows);
    window_.resize(longestOf(rows_));
    sides_ = sides;
  }
  if (sides.verticalFirst()) {
    return filterColumns(filterRows(image, between_), scaled_);
  }
  return filterRows(filterColumns(image, between_), scaled_);
}

// The image in its new width.
ImageView Resampler::filterColumns(const ImageView& image, std::vector<std::uint8_t>& memory) {
  const auto channels = static_cast<std::size_t>(image.channels);
  const std::size_t pitch = columns_.size() * channels;
  memory.resize(pitch * static_cast<std::size_t>(image.size.height));
  std::uint8_t* to = memory.data();
  sourceRows_.open(image, 1);
  for (int y = 0; y < image.size.height; ++y) {
    const std::uint8_t* const row = sourceRows_.row(y);
    for (const CropWindow& window : columns_) {
      const std::uint8_t* const first = row + static_cast<std::size_t>(window.first) * channels;
      for (std::size_t channel = 0; channel < channels; ++channel) {
        const std::uint8_t* from = first + channel;
        std::uint32_t sum = kCropHalf;
        for (const std::int32_t weight : window.weights) {
          sum += *from * static_cast<std::uint32_t>(weight);
          from += channels;
        }
        *to++ = toCropByte(sum);
      }
    }
  }
  return {memory.data(), {static_cast<int>(columns_.size()), image.size.height}, image.channels, pitch};
}

// The image in its new height.
ImageView Resampler::filterRows(const ImageView& image, std::vector<std::uint8_t>& memory) {
  const std::size_t pitch = static_cast<std::size_t>(image.size.width) * static_cast<std::size_t>(image.channels);
  memory.resize(pitch * rows_.size());
  std::uint8_t* to = memory.data();
  sourceRows_.open(image, window_.size());
  for (const CropWindow& window : rows_) {
    for (std::size_t tap = 0; tap < window.weights.size(); ++tap) {
      window_[tap] = sourceRows_.row(window.first + static_cast<int>(tap));
    }
    blendWindow(window_.data(), window, pitch, to);
    to += pitch;
  }
  return {memory.data(), {image.size.width, static_cast<int>(rows_.size())}, image.channels, pitch};
}

void Resampler::writeReal(const ImageView& image, const Letterbox& box, const Normalization& normalization,
                          float* planes) {
  const auto width = static_cast<std::size_t>(box.network.width);
  const std::size_t area = width * static_cast<std::size_t>(box.network.height);
  PlaneRows to(planes, area, normalization);
  for (std::size_t channel = 0; channel < 3; ++channel) {
    std::fill_n(to.rows[channel], area, normalized(normalization.border / 255.0F, to.mean[channel], to.std[channel]));
  }
  to.advance(static_cast<std::size_t>(box.top) * width + static_cast<std::size_t>(box.left));
  std::vector<LinearTap> columns(static_cast<std::size_t>(box.scaled.width));
  for (std::size_t x = 0; x < columns.size(); ++x) {
    columns[x] = linearTap(static_cast<int>(x), {image.size.width, box.scaled.width});
  }
  sourceRows_.open(image, 2);
  for (int y = 0; y < box.scaled.height; ++y) {
    const LinearTap row = linearTap(y, {image.size.height, box.scaled.height});
    const std::uint8_t *above = sourceRows_.row(row.first), *below = sourceRows_.row(row.second);
    for (std::size_t x = 0; x < columns.size(); ++x) {
      for (std::size_t channel = 0; channel < 3; ++channel) {
        const float value = realPixel(above, below, image.channels, static_cast<int>(channel), columns[x], row);
        to.rows[channel][x] = normalized(value, to.mean[channel], to.std[channel]);
      }
    }
    to.advance(width);
  }
}

}  // namespace trtyolo
