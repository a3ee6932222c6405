#include "runtime/input_writer.hpp"

#include <algorithm>
#include <cstddef>

#include "image/grey.hpp"

namespace trtyolo {

void InputWriter::write(const ModelDescription& model, const ImageView& image, const Letterbox& box,
                        BorderState& border, float* planes) {
  const ImageView upright = rotatedCropper_.upright(model.seen(image));
  if (model.input.grey) {
    writeGrey(model, upright, box, planes);
    return;
  }
  if (model.centerCrop()) {
    cropper_.write(upright, box.network, model.normalization, planes);
    return;
  }
  if (model.filter == Filter::Real) {
    resampler_.writeReal(upright, box, model.normalization, planes);
    return;
  }
  const ImageView scaled = model.filter == Filter::Pillow ? resampler_.byPillow(upright, box.scaled) : upright;
  const bool valid = border.planes == planes && border.box.sameFrame(box);
  border.planes = nullptr;  // should the writing fail
  letterboxer_.write(scaled, box, model.normalization, planes, valid ? Border::Keep : Border::Write);
  border = {planes, box};
}

// All planes alike, of which there may be one. The letterbox writes three.
void InputWriter::writeGrey(const ModelDescription& model, const ImageView& image, const Letterbox& box,
                            float* planes) {
  const ImageView grey = greyOf(image, model.normalization.swapRB, grey_);
  const std::size_t area = static_cast<std::size_t>(box.network.width) * static_cast<std::size_t>(box.network.height);
  threePlanes_.resize(3 * area);
  if (model.centerCrop()) {
    cropper_.write(grey, box.network, model.normalization, threePlanes_.data());
  } else {
    letterboxer_.write(grey, box, model.normalization, threePlanes_.data());
  }
  std::copy_n(threePlanes_.begin(), area * static_cast<std::size_t>(model.input.channels), planes);
}

}  // namespace trtyolo
