// Marks functions that kernels call as well.
#pragma once

#if defined(__CUDACC__)
#define TRTYOLO_DEVICE __host__ __device__
#else
#define TRTYOLO_DEVICE
#endif
