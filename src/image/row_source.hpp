// Rows of images as interleaved bytes, whatever the image's pixels are in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "image/image_view.hpp"

namespace trtyolo {

// Converts only the rows that it is asked for, one by one. Not for two threads at once: it keeps memory from image to
// image.
class RowSource {
 public:
  // Reads `image` from now on. Of its rows, `kept` consecutive ones (at least 1) are valid at the same time.
  void open(const ImageView& image, std::size_t kept);

  // Row `number`, image.channels bytes of each pixel; valid until a row is asked for that is `kept` or more away.
  const std::uint8_t* row(int number) { return image_.conversion.needed() ? converted(number) : image_.row(number); }

  // Where memory can be fetched early from for row `number`, to be read from the same offsets on.
  const std::uint8_t* ahead(int number) const { return image_.conversion.needed() ? rows_.data() : image_.row(number); }

 private:
  const std::uint8_t* converted(int number);

  ImageView image_;
  std::size_t rowBytes_ = 0;
  std::vector<std::uint8_t> rows_;  // row n is at place n % numbers_.size()
  std::vector<int> numbers_;        // which row is at a place; -1 for none
};

}  // namespace trtyolo
