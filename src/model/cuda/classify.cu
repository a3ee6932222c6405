// A classifier's best classes, one block for each image.
#include "cuda/launch.cuh"
#include "model/cuda/block_sort.cuh"
#include "model/cuda/device_values.cuh"
#include "model/cuda/selection.hpp"

namespace trtyolo::cuda {
namespace {

constexpr unsigned kThreads = 512;

// The denominator of a softmax. All threads of a block call it.
__device__ float sumOfExponentials(const Work& work, unsigned slot, float most) {
  __shared__ float sums[kThreads];
  float sum = 0;
  for (std::uint32_t c = threadIdx.x; c < work.candidates.classes; c += kThreads) {
    sum += std::exp(valueAt(work.candidates.scores, slot, c, 0) - most);
  }
  sums[threadIdx.x] = sum;
  for (unsigned half = kThreads / 2; half > 0; half /= 2) {
    __syncthreads();
    if (threadIdx.x < half) {
      sums[threadIdx.x] += sums[threadIdx.x + half];
    }
  }
  __syncthreads();
  return sums[0];
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
  const std::uint64_t* const keys =
      sortKeys([&](std::uint32_t c) { return classKey(valueAt(scores, slot, c, 0), c); }, work.candidates.classes, tile,
               scratch.keys + slot * scratch.keyCapacity, scratch.merged + slot * scratch.keyCapacity);
  const std::uint32_t count = min(work.call.limits->most, work.candidates.classes);
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
