// Ranges for NVIDIA's profilers.
#pragma once

namespace trtyolo::cuda {

// From now on parts of the work are ranges of NVTX, in the domain "trtyolo", unless the user has set a callback
// (setTrace()). Without effect where the library was compiled without NVTX's headers. Any thread.
void traceByNvtx();

}  // namespace trtyolo::cuda
