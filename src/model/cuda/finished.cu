// Objects of end-to-end networks, and best classes: the wanted ones that score enough, in the
// network's order. One block for each image.
#include "cuda/launch.cuh"
#include "model/back_transform.hpp"
#include "model/cuda/block_sort.cuh"
#include "model/cuda/device_values.cuh"
#include "model/cuda/publish.cuh"
#include "model/cuda/selection.hpp"

namespace trtyolo::cuda {
namespace {

constexpr unsigned kThreads = 512;

__global__ void __launch_bounds__(kThreads) takeFinished(Work work) {
  __shared__ std::uint32_t warpTotals[kThreads / 32];
  __shared__ BackTransform toSource;
  const unsigned slot = blockIdx.x;
  if (!isUsed(work, slot)) {
    return;
  }
  const Candidates& candidates = work.candidates;
  const Limits limits = *work.call.limits;
  KeptObject* const objects = work.results.kept + slot * work.results.capacity;
  if (threadIdx.x == 0) {
    toSource = BackTransform(work.slots[slot].box);
  }
  const std::uint32_t count = candidates.counts.data
                                  ? objectCount(numberAt(candidates.counts, slot, 0), candidates.anchors)
                                  : candidates.anchors;
  float score = 0, number = 0;  // of the thread's object
  const auto taken = [&](std::uint32_t i) {
    score = valueAt(candidates.scores, slot, 0, i);
    number = numberAt(candidates.classNumbers, slot, i);
    return isObject(score, number, static_cast<int>(candidates.classes), limits.confidence) &&
           isWanted(work.call, limits.everyClass != 0, static_cast<std::uint32_t>(number));
  };
  const std::uint32_t kept =
      takeInOrder(count, limits.most, warpTotals, taken, [&](std::uint32_t place, std::uint32_t i) {
        const int classIndex = static_cast<int>(number);
        objects[place] = work.results.boxes ? objectAt(candidates, slot, i, classIndex, score)
                                            : KeptObject{0, 0, 0, 0, 0, score, classIndex, i};
      });
  publish(work, slot, kept, toSource);
}

// Of an end-to-end network that was cut: the best pairs of an anchor and a class are what it would have given.
__global__ void __launch_bounds__(kThreads) takeBest(Work work) {
  __shared__ std::uint64_t tile[kSortTile];
  __shared__ std::uint32_t warpTotals[kThreads / 32];
  __shared__ BackTransform toSource;
  const unsigned slot = blockIdx.x;
  if (!isUsed(work, slot)) {
    return;
  }
  const Candidates& candidates = work.candidates;
  const Scratch& scratch = work.scratch;
  const Limits limits = *work.call.limits;
  KeptObject* const objects = work.results.kept + slot * work.results.capacity;
  if (threadIdx.x == 0) {
    toSource = BackTransform(work.slots[slot].box);
  }
  std::uint64_t* const listed = scratch.keys + slot * scratch.keyCapacity;
  const std::uint32_t found = work.call.found[slot];
  const std::uint64_t* const keys = sortKeys([listed](std::uint32_t i) { return listed[i]; }, found, tile, listed,
                                             scratch.merged + slot * scratch.keyCapacity);
  const std::uint32_t count = min(found, candidates.raw.mostObjects);
  const auto taken = [&](std::uint32_t i) {
    return isWanted(work.call, limits.everyClass != 0,
                    static_cast<std::uint32_t>(placeOfCandidate(keys[i]) % candidates.classes));
  };
  const std::uint32_t kept =
      takeInOrder(count, limits.most, warpTotals, taken,
                  [&](std::uint32_t place, std::uint32_t i) { objects[place] = objectOf(candidates, slot, keys[i]); });
  publish(work, slot, kept, toSource);
}

}  // namespace

void selectBest(const Work& work, cudaStream_t stream) {
  launch("starting to take the best objects", takeBest, dim3(work.batch), kThreads, stream, work);
}

void selectFinished(const Work& work, cudaStream_t stream) {
  launch("starting to take end-to-end objects", takeFinished, dim3(work.batch), kThreads, stream, work);
}

}  // namespace trtyolo::cuda
