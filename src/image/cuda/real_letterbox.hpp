// The letterbox on a GPU with Filter::Real.
#pragma once

#include <cuda_runtime_api.h>

#include "image/cuda/image_slot.hpp"
#include "image/geometry.hpp"
#include "image/letterbox.hpp"

namespace trtyolo::cuda {

// As letterbox(); the f32 values equal those of Resampler::writeReal to the bit. Slots have the images themselves, not
// scaled ones. Plain and slow beside letterbox().
void realLetterbox(const ImageSlot* slots, int batch, Size network, const Normalization& normalization, void* input,
                   bool half, cudaStream_t stream);

}  // namespace trtyolo::cuda
