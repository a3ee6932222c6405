// What bench asks of a GPU by itself. Without the GPU engine there is none.
#pragma once

#include <memory>
#include <optional>

#include "trtyolo.hpp"

namespace bench {

/// A copy of an image without gaps between its rows, in the memory of GPU `gpu`.
/// @throws std::runtime_error  CUDA has no such GPU or no memory, or this program was built without it
std::shared_ptr<const void> copyToGpu(const trtyolo::Image& image, int gpu);

/// Has CUDA take what it takes of a GPU's memory for itself in this process.
/// @throws std::runtime_error  as above
void startGpu(int gpu);

/// Megabytes of a GPU's memory that all programs together use, as NVIDIA's driver says; nothing if it cannot be asked.
std::optional<double> usedGpuMegabytes(int gpu);

}  // namespace bench
