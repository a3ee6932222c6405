// Suppression of rotated boxes. A candidate goes if it overlaps any one before it, kept or not, so that all are decided
// independently of each other: one block sorts, then many compare, and the last of them to finish gives the results.
#include "cuda/launch.cuh"
#include "model/back_transform.hpp"
#include "model/cuda/block_sort.cuh"
#include "model/cuda/device_values.cuh"
#include "model/cuda/publish.cuh"
#include "model/cuda/selection.hpp"
#include "model/rotated_overlap.hpp"

namespace trtyolo::cuda {
namespace {

constexpr unsigned kThreads = 512, kWarps = kThreads / 32;
constexpr unsigned kTile = 32;  // candidates that a block decides
constexpr unsigned kAll = 0xFFFFFFFFU;

__device__ std::uint32_t orderedCount(const Work& work, unsigned slot) {
  return min(work.call.found[slot], static_cast<std::uint32_t>(work.scratch.orderedCapacity));
}

// Sorts the candidates and gathers the best of them.
__global__ void __launch_bounds__(kThreads) orderRotated(Work work) {
  __shared__ std::uint64_t tile[kSortTile];
  const unsigned slot = blockIdx.x;
  if (!isUsed(work, slot)) {
    return;
  }
  const Scratch& scratch = work.scratch;
  const bool agnostic = work.call.limits->agnostic != 0;
  std::uint64_t* const listed = scratch.keys + slot * scratch.keyCapacity;
  const std::uint64_t* const keys = sortKeys([listed](std::uint32_t i) { return listed[i]; }, work.call.found[slot],
                                             tile, listed, scratch.merged + slot * scratch.keyCapacity);
  const std::uint32_t count = orderedCount(work, slot);
  for (std::uint32_t i = threadIdx.x; i < count; i += kThreads) {
    const KeptObject object = objectOf(work.candidates, slot, keys[i]);
    scratch.ordered[slot * scratch.orderedCapacity + i] = object;
    scratch.gaussians[slot * scratch.orderedCapacity + i] =
        gaussianOf(object.left, object.top, object.right, object.bottom, object.theta, object.classIndex, agnostic);
  }
}

// Gaussians in shared memory, number beside number.
struct GaussianColumns {
  float x[kThreads], y[kThreads], a[kThreads], b[kThreads], c[kThreads], root[kThreads];

  __device__ void set(unsigned i, const Gaussian& gaussian) {
    x[i] = gaussian.x;
    y[i] = gaussian.y;
    a[i] = gaussian.a;
    b[i] = gaussian.b;
    c[i] = gaussian.c;
    root[i] = gaussian.root;
  }
  __device__ Gaussian get(unsigned i) const { return {x[i], y[i], a[i], b[i], c[i], root[i]}; }
};

// Gives those that were not removed. All threads of one block call it.
__device__ void collect(const Work& work, unsigned slot, std::uint32_t count, const std::uint32_t* removed) {
  __shared__ std::uint32_t warpTotals[kWarps];
  __shared__ BackTransform toSource;
  const KeptObject* const ordered = work.scratch.ordered + slot * work.scratch.orderedCapacity;
  KeptObject* const objects = work.results.kept + slot * work.results.capacity;
  const std::uint32_t most = work.call.limits->most;
  if (threadIdx.x == 0) {
    toSource = BackTransform(work.slots[slot].box);
  }
  // Other blocks wrote this: not to be taken from a cache of this multiprocessor.
  const auto stays = [&](std::uint32_t i) { return (__ldcg(removed + i / kTile) >> (i % kTile) & 1U) == 0; };
  const std::uint32_t kept = takeInOrder(count, most, warpTotals, stays,
                                         [&](std::uint32_t place, std::uint32_t i) { objects[place] = ordered[i]; });
  publish(work, slot, kept, toSource);
}

// A lane has a candidate, and each warp some of those before it.
__global__ void __launch_bounds__(kThreads) compareRotated(Work work) {
  __shared__ GaussianColumns before;
  __shared__ std::uint32_t goneLanes;
  __shared__ bool isLast;
  const unsigned slot = blockIdx.y, lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  if (!isUsed(work, slot)) {
    return;
  }
  const std::uint32_t count = orderedCount(work, slot);
  const std::uint32_t tiles = max((count + kTile - 1) / kTile, 1U);  // without candidates, one block says so
  if (blockIdx.x >= tiles) {
    return;
  }
  const Scratch& scratch = work.scratch;
  const Gaussian* const gaussians = scratch.gaussians + slot * scratch.orderedCapacity;
  std::uint32_t* const removed = scratch.removed + slot * ((scratch.orderedCapacity + kTile - 1) / kTile);
  const RotatedOverlap overlaps(work.call.limits->iou);
  const std::uint32_t candidate = blockIdx.x * kTile + lane;
  const std::uint32_t end = min(count, (blockIdx.x + 1) * kTile);
  Gaussian own{};
  if (candidate < count) {
    own = gaussians[candidate];
  }
  bool gone = candidate >= count;
  for (std::uint32_t first = 0; first < end; first += kThreads) {
    const std::uint32_t size = min(kThreads, end - first);
    if (threadIdx.x < size) {
      before.set(threadIdx.x, gaussians[first + threadIdx.x]);
    }
    __syncthreads();
    for (std::uint32_t i = warp; i < size && !__all_sync(kAll, gone); i += kWarps) {
      if (!gone && first + i < candidate) {
        gone = overlaps(before.get(i), own);
      }
    }
    __syncthreads();
  }
  if (threadIdx.x == 0) {
    goneLanes = 0;
  }
  __syncthreads();
  const unsigned lanes = __ballot_sync(kAll, gone);
  if (lane == 0) {
    atomicOr(&goneLanes, lanes);
  }
  __syncthreads();
  if (threadIdx.x == 0) {
    if (count > 0) {
      removed[blockIdx.x] = goneLanes;
    }
    __threadfence();  // before the block counts as finished
    isLast = atomicAdd(&work.call.finishedBlocks[slot], 1U) == tiles - 1;
    __threadfence();
  }
  __syncthreads();
  if (isLast) {
    collect(work, slot, count, removed);
  }
}

}  // namespace

void suppressRotated(const Work& work, cudaStream_t stream) {
  launch("starting to sort rotated boxes", orderRotated, dim3(work.batch), kThreads, stream, work);
  const unsigned tiles = static_cast<unsigned>((work.scratch.orderedCapacity + kTile - 1) / kTile);
  launch("starting to compare rotated boxes", compareRotated, dim3(tiles > 0 ? tiles : 1, work.batch), kThreads, stream,
         work);
}

}  // namespace trtyolo::cuda
