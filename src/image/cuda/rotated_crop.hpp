// Rotated parts of images on a GPU, as images that lie upright.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>

#include "image/image_view.hpp"

namespace trtyolo::cuda {

// Bytes of a pixel of the upright image: 1 where the image has one channel, otherwise 4, of which the last is 0.
inline int uprightChannels(const ImageView& image) {
  return image.channels == 1 ? 1 : 4;
}

// Starts, on `stream`, the writing of the part that image.rotation says into `upright`: image.size.height rows, `pitch`
// bytes apart, of image.size.width pixels; both are multiples of 4. The bytes equal those of RotatedCropper::upright.
// The image is in device memory; its pixels and pitch need no alignment. One kernel, and no other call. Throws
// DeviceError. Any thread.
void rotatedCrop(const ImageView& image, std::uint8_t* upright, std::size_t pitch, cudaStream_t stream);

}  // namespace trtyolo::cuda
