// Center crop: an image into a classifier's input, three planes of f32 without border.
#pragma once

#include <memory>

#include "image/geometry.hpp"
#include "image/letterbox.hpp"

namespace trtyolo {

// Writes scaled and cropped images. Not for two threads at once: it keeps tables and rows from call to call.
class CenterCropper {
 public:
  CenterCropper();
  ~CenterCropper();
  CenterCropper(CenterCropper&&) noexcept;
  CenterCropper& operator=(CenterCropper&&) noexcept;

  // Fills `planes`: three planes of network.height rows of network.width floats, without gaps. For a square network the
  // image is scaled so that its shorter side fits and the middle of the longer one is kept; for any other network both
  // sides are scaled to fit. The 8-bit pixels equal torchvision's Resize (bilinear) and CenterCrop on a Pillow image to
  // the bit, and each value is (v / 255.f - mean) / std with every operation rounded to f32, so v / 255.f with the
  // default normalisation. Grey images fill all three planes alike; the border of the normalisation plays no part.
  // Pixels that the crop drops are not computed, so memory is in proportion to a row or a column of the image (where
  // pixels are converted, to as many rows as make one of the scaled image), however long the scaled image would be.
  void write(const ImageView& image, Size network, const Normalization& normalization, float* planes);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace trtyolo
