// Other ways of scaling images than the letterbox's, for the networks whose repositories have others. Plain and slow
// beside it.
#pragma once

#include <cstdint>
#include <vector>

#include "image/center_crop_windows.hpp"
#include "image/letterbox.hpp"
#include "image/row_source.hpp"

namespace trtyolo {

// How the scaled image is made.
enum class Filter : std::uint8_t {
  Bilinear,  // OpenCV's INTER_LINEAR on 8 bits: the letterbox
  Pillow,    // Pillow's BILINEAR: antialiased where the image shrinks, 8 bits between the passes
  Real,      // PyTorch's bilinear interpolation of pixels divided by 255, without antialiasing: nothing is rounded to 8
             // bits
};

// Not for two threads at once: it keeps tables and memory from call to call.
class Resampler {
 public:
  // The scaled image as Pillow makes it, to the bit; of the image's channels. The pixels are valid until the next call.
  ImageView byPillow(const ImageView& image, Size scaled);

  // As Letterboxer::write() without a border to keep, with Filter::Real.
  void writeReal(const ImageView& image, const Letterbox& box, const Normalization& normalization, float* planes);

 private:
  ImageView filterColumns(const ImageView& image, std::vector<std::uint8_t>& memory);
  ImageView filterRows(const ImageView& image, std::vector<std::uint8_t>& memory);

  RowSource sourceRows_;

  // The windows belong to this geometry.
  CropSides sides_;
  std::vector<CropWindow> columns_, rows_;
  std::vector<const std::uint8_t*> window_;  // of a row: the rows that it is made of
  std::vector<std::uint8_t> between_, scaled_;
};

}  // namespace trtyolo
