// The letterbox on a GPU: images in device memory into the network's input.
#pragma once

#include <cuda_runtime_api.h>

#include "image/cuda/image_slot.hpp"
#include "image/geometry.hpp"
#include "image/letterbox.hpp"

namespace trtyolo::cuda {

// Starts, on `stream`, the writing of the first `batch` slots' images into `input`: [batch, 3, network.height,
// network.width] without gaps, f16 if `half` and f32 otherwise. The f32 values equal those of Letterboxer::write to the
// bit, border included; f16 values are these, rounded to the nearest, halves to even. What belongs to a slot without
// pixels is left as it is. One kernel, and no other call: may be captured.
//
// `slots` is device memory, read when the kernel runs: a captured launch serves whatever images lie there then. It
// relies on box.network == network, slots' sizes being those of the images in memory (rows of less than 2^31 bytes),
// and box being made by Letterbox::fit or fitRect. Pixels and pitches need no alignment. Of an image, the kernel reads
// nothing but pixels. Throws DeviceError. Any thread.
void letterbox(const ImageSlot* slots, int batch, Size network, const Normalization& normalization, void* input,
               bool half, cudaStream_t stream);

}  // namespace trtyolo::cuda
