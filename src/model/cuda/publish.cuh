// The last step of the object kernels: what was kept goes to the host, in pixels of the source image.
#pragma once

#include <cuda_runtime.h>

#include "model/back_transform.hpp"
#include "model/cuda/device_values.cuh"

namespace trtyolo::cuda {

// The number of set flags of threads before this one, and of all threads in `total`. `warpTotals` is shared memory, one
// element for each warp. All threads of the block call it.
__device__ inline std::uint32_t countBefore(bool flag, std::uint32_t* warpTotals, std::uint32_t& total) {
  const unsigned lane = threadIdx.x % 32, warp = threadIdx.x / 32, warps = blockDim.x / 32;
  const unsigned flags = __ballot_sync(0xFFFFFFFFU, flag);
  if (lane == 0) {
    warpTotals[warp] = __popc(flags);
  }
  __syncthreads();
  std::uint32_t before = 0;
  total = 0;
  for (unsigned w = 0; w < warps; ++w) {
    before += w < warp ? warpTotals[w] : 0;
    total += warpTotals[w];
  }
  __syncthreads();
  return before + __popc(flags & ((1U << lane) - 1));
}

// Writes the first `most` of those of `count` things that are taken, in their order; gives how many. `taken(i)` says
// whether thing i is, and write(place, i) writes it, by the thread that asked. `warpTotals` is shared memory, one
// element for each warp. All threads of the block call it.
template <typename Taken, typename Write>
__device__ std::uint32_t takeInOrder(std::uint32_t count, std::uint32_t most, std::uint32_t* warpTotals,
                                     const Taken& taken, const Write& write) {
  std::uint32_t kept = 0;
  for (std::uint32_t first = 0; first < count && kept < most; first += blockDim.x) {
    const std::uint32_t i = first + threadIdx.x;
    const bool takes = i < count && taken(i);
    std::uint32_t taking;
    const std::uint32_t place = kept + countBefore(takes, warpTotals, taking);
    if (takes && place < most) {
      write(place, i);
    }
    kept = min(kept + taking, most);
  }
  __syncthreads();
  return kept;
}

// Gives the first `count` elements of the image's `kept` to the host. All threads of the block call it, after a barrier
// behind the writing of `kept` and `toSource`.
__device__ inline void publish(const Work& work, unsigned slot, std::uint32_t count, const BackTransform& toSource) {
  const Results& results = work.results;
  const std::size_t first = slot * results.capacity;
  const KeptObject* kept = results.kept + first;
  for (std::uint32_t i = threadIdx.x; i < count; i += blockDim.x) {
    const KeptObject object = kept[i];
    Box box{object.left, object.top, object.right, object.bottom};
    if (results.thetas) {
      box = toSource.rotated(object.left, object.top, object.right, object.bottom, object.theta);
      results.thetas[first + i] = object.theta;
    } else {
      box = toSource.box(box);
    }
    if (results.boxes) {
      reinterpret_cast<float4*>(results.boxes)[first + i] = make_float4(box.left, box.top, box.right, box.bottom);
    }
    results.scores[first + i] = object.score;
    results.classes[first + i] = object.classIndex;
  }
  // A thread for each number of a point, so that they are written side by side.
  constexpr std::uint32_t kNumbers = sizeof(KeyPoint) / sizeof(float);
  static_assert(kNumbers == 3);
  const std::uint32_t numbers = results.keypointCount * kNumbers;
  float* const points = reinterpret_cast<float*>(results.keypoints) + first * numbers;
  for (std::uint32_t i = threadIdx.x; i < count * numbers; i += blockDim.x) {
    const std::uint32_t number = i % kNumbers, value = i % numbers / kNumbers * results.keypointDims + number;
    if (number == 2 && results.keypointDims != kNumbers) {
      points[i] = 1.0F;
      continue;
    }
    const float found = extraAt(work.candidates, slot, value, kept[i / numbers].anchor);
    points[i] = number == 0 ? toSource.x(found) : number == 1 ? toSource.y(found) : found;
  }
  if (threadIdx.x == 0) {
    results.counts[slot] = static_cast<int>(count);
    results.keptCounts[slot] = static_cast<int>(count);
  }
}

}  // namespace trtyolo::cuda
