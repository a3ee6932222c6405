// A classifier's best classes, one block for each image.
#include "cuda/launch.cuh"
#include "model/cuda/block_sort.cuh"
#include "model/cuda/device_values.cuh"
#include "model/cuda/selection.hpp"

namespace trtyolo::cuda {
namespace {

constexpr unsigned kThreads = 512, kWarps = kThreads / 32;
constexpr unsigned kAll = 0xFFFFFFFFU;

// The denominator of a softmax. All threads of a block call it.
__device__ float sumOfExponentials(const Work& work, unsigned slot, float most) {
  __shared__ float sums[kWarps];
  float sum = 0;
  for (std::uint32_t c = threadIdx.x; c < work.candidates.classes; c += kThreads) {
    sum += std::exp(valueAt(work.candidates.scores, slot, c, 0) - most);
  }
  for (unsigned distance = 16; distance > 0; distance /= 2) {
    sum += __shfl_xor_sync(kAll, sum, distance);
  }
  if (threadIdx.x % 32 == 0) {
    sums[threadIdx.x / 32] = sum;
  }
  __syncthreads();
  sum = 0;
  for (unsigned warp = 0; warp < kWarps; ++warp) {
    sum += sums[warp];
  }
  return sum;
}

// Sorts at least the smallest `wanted` <= kWarps of the keys load(0) ... load(count - 1), which are all different, into
// `tile`, which is shared memory for all of them: those up to the `wanted`th of the warps' smallest, below which there
// are as many. All threads of a block call it, and may read what it gives.
template <typename Load>
__device__ void sortSmallest(const Load& load, std::uint32_t count, std::uint32_t wanted, std::uint64_t* tile) {
  __shared__ std::uint64_t smallest[32], limit;
  __shared__ std::uint32_t taken;
  const unsigned lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  std::uint64_t key = ~std::uint64_t{0};
  for (std::uint32_t i = threadIdx.x; i < count; i += kThreads) {
    key = min(key, load(i));
  }
  for (unsigned distance = 16; distance > 0; distance /= 2) {
    const std::uint64_t other = __shfl_xor_sync(kAll, static_cast<unsigned long long>(key), distance);
    key = min(key, other);
  }
  if (lane == 0) {
    smallest[warp] = key;
  }
  __syncthreads();
  if (warp == 0) {
    key = sortedInWarp(lane < kWarps ? smallest[lane] : ~std::uint64_t{0}, lane);
    if (lane == wanted - 1) {
      limit = key;
    }
    if (lane == 0) {
      taken = 0;
    }
  }
  __syncthreads();
  for (std::uint32_t i = threadIdx.x; i < count; i += kThreads) {
    if (const std::uint64_t own = load(i); own <= limit) {
      tile[atomicAdd(&taken, 1U)] = own;
    }
  }
  __syncthreads();
  sortTile(tile, taken);
}

__global__ void __launch_bounds__(kThreads) takeBest(Work work) {
  __shared__ std::uint64_t tile[kSortTile];
  const unsigned slot = blockIdx.x;
  if (!isUsed(work, slot)) {
    return;
  }
  const Scratch& scratch = work.scratch;
  const Results& results = work.results;
  const DeviceTable& scores = work.candidates.scores;
  const std::uint32_t classes = work.candidates.classes, count = min(work.call.limits->most, classes);
  const auto keyOf = [&](std::uint32_t c) { return classKey(valueAt(scores, slot, c, 0), c); };
  const std::uint64_t* keys = tile;
  if (count > 0 && count <= kWarps && classes <= kSortTile) {
    sortSmallest(keyOf, classes, count, tile);
  } else {
    keys = sortKeys(keyOf, classes, tile, scratch.keys + slot * scratch.keyCapacity,
                    scratch.merged + slot * scratch.keyCapacity);
  }
  const bool logits = work.candidates.logits;
  const float most = valueAt(scores, slot, classOfKey(keys[0]), 0);
  const float sum = logits ? sumOfExponentials(work, slot, most) : 1.0F;
  for (std::uint32_t i = threadIdx.x; i < count; i += kThreads) {
    const std::uint32_t c = classOfKey(keys[i]);
    results.classes[slot * results.capacity + i] = static_cast<int>(c);
    const float score = valueAt(scores, slot, c, 0);
    results.scores[slot * results.capacity + i] = logits ? std::exp(score - most) / sum : score;
  }
  if (threadIdx.x == 0) {
    results.counts[slot] = static_cast<int>(count);
  }
}

}  // namespace

void classify(const Work& work, cudaStream_t stream) {
  launch("starting to take the best classes", takeBest, dim3(work.batch), kThreads, stream, work);
}

}  // namespace trtyolo::cuda
