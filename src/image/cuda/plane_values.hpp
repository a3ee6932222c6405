// A Normalization as the kernels take it, and the values that they write into the network's input.
#pragma once

#include <cuda_fp16.h>

#include <cstdint>

#include "image/letterbox.hpp"
#include "image/resize_arithmetic.hpp"

namespace trtyolo::cuda {

// In the order of the planes.
struct PlaneValues {
  float mean[3];
  float std[3];
  float border[3];
  bool swapRB;
};

inline PlaneValues planeValues(const Normalization& normalization) {
  PlaneValues values{};
  values.swapRB = normalization.swapRB;
  for (std::size_t plane = 0; plane < 3; ++plane) {
    values.mean[plane] = normalization.mean[plane];
    values.std[plane] = normalization.std[plane];
    values.border[plane] = normalized(normalization.border / 255.0f, values.mean[plane], values.std[plane]);
  }
  return values;
}

template <class T>
__device__ inline T toInput(float value) {
  if constexpr (sizeof(T) == sizeof(float)) {
    return value;
  } else {
    return __float2half_rn(value);
  }
}

template <class T, bool kNormalize>
__device__ inline T inputOf(std::uint32_t byte, const PlaneValues& values, int plane) {
  float value = divideBy255(byte);
  if constexpr (kNormalize) {
    value = normalized(value, values.mean[plane], values.std[plane]);
  }
  return toInput<T>(value);
}

}  // namespace trtyolo::cuda
