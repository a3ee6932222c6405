// A rotated part of an image as an image that lies upright.
#pragma once

#include <cstdint>
#include <vector>

#include "image/image_view.hpp"
#include "image/row_source.hpp"

namespace trtyolo {

// Not for two threads at once: it keeps memory from call to call. Plain beside the letterbox.
class RotatedCropper {
 public:
  // Interleaved bytes, image.channels of each pixel (of four the last may be anything), valid until the next call; an
  // image without a rotation is given back as it is. Of pixels that are converted, only those around the part are.
  ImageView upright(const ImageView& image);

 private:
  RowSource sourceRows_;
  std::vector<const std::uint8_t*> rows_;
  std::vector<std::uint8_t> pixels_;
};

}  // namespace trtyolo
