// The center crop on a GPU: images in device memory into a classifier's input.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>

#include "image/cuda/crop_table.hpp"
#include "image/cuda/image_slot.hpp"
#include "image/geometry.hpp"
#include "image/letterbox.hpp"

namespace trtyolo::cuda {

// Starts, on `stream`, the writing of the first `batch` slots' images into `input`: [batch, 3, network.height,
// network.width] without gaps, f16 if `half` and f32 otherwise. The f32 values equal those of CenterCropper::write to
// the bit; f16 values are these, rounded to the nearest, halves to even. What belongs to a slot without pixels is left
// as it is. One kernel, and no other call: may be captured.
//
// `slots` and `tables` are device memory, read when the kernel runs: a captured launch serves whatever images lie there
// then. Slot i's table is at `tables` + i * `tableStride` bytes, a multiple of 16, made by fillCropTable for the size
// of the slot's image, slot.size (rows of less than 2^31 bytes); nothing of the box is read. A stride serves
// all images whose cropTableBytes is not above it. Pixels and pitches need no alignment. Of an image, the kernel reads
// nothing but the pixels of the rows that fillCropTable returned.
// Throws DeviceError. Any thread.
void centerCrop(const ImageSlot* slots, const void* tables, std::size_t tableStride, int batch, Size network,
                const Normalization& normalization, void* input, bool half, cudaStream_t stream);

}  // namespace trtyolo::cuda
