// An image into the network's input, on the CPU, as the model's description says.
#pragma once

#include <cstdint>
#include <vector>

#include "image/center_crop.hpp"
#include "image/letterbox.hpp"
#include "image/resample.hpp"
#include "image/rotated_crop.hpp"
#include "model/description.hpp"

namespace trtyolo {

// Not for two threads at once: it keeps tables and memory from call to call.
class InputWriter {
 public:
  // Where a border was last written, and around what: it is valid as long as the next image goes to the same place.
  struct BorderState {
    const float* planes = nullptr;
    Letterbox box;
  };

  // Fills `planes`: as many planes as the input has channels, each of box.network.height rows of box.network.width
  // floats, without gaps. `box` is what ModelDescription::fit() gives for the image. A border that `border` knows to be
  // there is kept; afterwards it knows this one.
  void write(const ModelDescription& model, const ImageView& image, const Letterbox& box, BorderState& border,
             float* planes);

 private:
  void writeGrey(const ModelDescription& model, const ImageView& image, const Letterbox& box, float* planes);

  RotatedCropper rotatedCropper_;
  CenterCropper cropper_;
  Letterboxer letterboxer_;
  Resampler resampler_;
  std::vector<std::uint8_t> grey_;  // of networks of one channel: an image
  std::vector<float> threePlanes_;  // and what the letterbox makes of it
};

}  // namespace trtyolo
