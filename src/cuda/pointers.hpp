// What CUDA knows of addresses.
#pragma once

#include <cuda_runtime_api.h>

namespace trtyolo::cuda {

// Whose memory `pointer` is in; all zero if CUDA does not know it. Throws DeviceError.
cudaPointerAttributes attributesOf(const void* pointer);

}  // namespace trtyolo::cuda
