// A classifier's best classes, one block for each image.
#include "cuda/launch.cuh"
#include "model/cuda/block_sort.cuh"
#include "model/cuda/device_values.cuh"
#include "model/cuda/selection.hpp"

namespace trtyolo::cuda {
namespace {

constexpr unsigned kThreads = 512;

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
  for (std::uint32_t i = threadIdx.x; i < count; i += kThreads) {
    const std::uint32_t c = classOfKey(keys[i]);
    results.classes[slot * results.capacity + i] = static_cast<int>(c);
    results.scores[slot * results.capacity + i] = valueAt(scores, slot, c, 0);
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
