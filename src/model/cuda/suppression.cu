// Greedy non-maximum suppression of axis-aligned boxes, one block for each image. Candidates are taken 64 at a time:
// all are compared with what was kept before and with each other at once, then one warp decides which of them stay.
#include "cuda/launch.cuh"
#include "model/back_transform.hpp"
#include "model/cuda/block_sort.cuh"
#include "model/cuda/device_values.cuh"
#include "model/cuda/publish.cuh"
#include "model/cuda/selection.hpp"
#include "model/nms.hpp"
#include "model/overlap.hpp"

namespace trtyolo::cuda {
namespace {

constexpr unsigned kThreads = 512;
constexpr unsigned kChunk = 64;                // candidates decided at a time
constexpr unsigned kRows = kThreads / kChunk;  // threads for each of them
constexpr unsigned kSides = 4;
constexpr unsigned kAll = 0xFFFFFFFFU;

// Boxes in shared memory, number beside number.
struct BoxColumns {
  float left[kThreads], top[kThreads], right[kThreads], bottom[kThreads], area[kThreads];
  int classIndex[kThreads];

  __device__ void set(unsigned i, const ShiftedBox& box) {
    left[i] = box.left;
    top[i] = box.top;
    right[i] = box.right;
    bottom[i] = box.bottom;
    area[i] = box.area;
    classIndex[i] = box.classIndex;
  }
  __device__ ShiftedBox get(unsigned i) const { return {left[i], top[i], right[i], bottom[i], area[i], classIndex[i]}; }
};

struct Shared {
  std::uint64_t keys[kSortTile];
  BoxColumns tile;                            // the candidates at hand
  BoxColumns kept;                            // the first of the kept ones
  std::uint32_t overlapping[kChunk / 32];     // a bit for each of the chunk: overlaps what was kept before
  std::uint32_t before[kChunk][kChunk / 32];  // of each of the chunk: those before it in the chunk that it overlaps
  std::uint64_t staying;                      // of the chunk
  RawDistances distances[kThreads / kSides];  // of the candidates at hand, if they are few
  BackTransform toSource;
};

// The same as comparing the quotient alone, without dividing for boxes that do not meet.
__device__ bool overlap(const ShiftedBox& before, const ShiftedBox& box, float iou) {
  if (before.classIndex != box.classIndex) {
    return false;
  }
  const float intersection = intersectionOf(before, box);
  return intersection > 0.0F && intersectionOverUnion(intersection, before, box) > iou;
}

__device__ ShiftedBox shiftedOf(const KeptObject& object, bool agnostic) {
  return shifted(Box{object.left, object.top, object.right, object.bottom}, object.classIndex, agnostic);
}

// Which of the chunk's first `size` candidates stay, if the bits of `gone` do not: each in its turn, unless it overlaps
// one that stays. Whoever overlaps only those whose fate is known can be decided, so that few rounds do for all. The
// first warp calls it.
__device__ std::uint64_t decide(const Shared& shared, unsigned size) {
  const unsigned lane = threadIdx.x % 32;
  const auto beforeOf = [&](unsigned i) {
    return static_cast<std::uint64_t>(shared.before[i][1]) << 32 | shared.before[i][0];
  };
  const std::uint64_t low = beforeOf(lane), high = beforeOf(lane + 32);
  const std::uint64_t inside = size < 64 ? (std::uint64_t{1} << size) - 1 : ~std::uint64_t{0};
  std::uint64_t gone = ~inside | static_cast<std::uint64_t>(shared.overlapping[1]) << 32 | shared.overlapping[0];
  std::uint64_t staying = 0;
  while (~(gone | staying) != 0) {
    const std::uint64_t open = ~(gone | staying);
    const bool lowOpen = (open >> lane & 1) != 0, highOpen = (open >> (lane + 32) & 1) != 0;
    const auto both = [](bool inLow, bool inHigh) {
      const std::uint64_t highBits = __ballot_sync(kAll, inHigh);
      return highBits << 32 | __ballot_sync(kAll, inLow);
    };
    const std::uint64_t goes = both(lowOpen && (low & staying) != 0, highOpen && (high & staying) != 0);
    const std::uint64_t stays = both(lowOpen && (low & ~gone) == 0, highOpen && (high & ~gone) == 0);
    gone |= goes;
    staying |= stays;
  }
  return staying;
}

__global__ void __launch_bounds__(kThreads) suppressBoxes(Work work) {
  __shared__ Shared shared;
  const unsigned slot = blockIdx.x, lane = threadIdx.x % 32;
  if (!isUsed(work, slot)) {
    return;
  }
  const Limits limits = *work.call.limits;
  const bool agnostic = limits.agnostic != 0;
  const std::uint32_t most = limits.most;
  std::uint64_t* const listed = work.scratch.keys + slot * work.scratch.keyCapacity;
  KeptObject* const objects = work.results.kept + slot * work.results.capacity;
  if (threadIdx.x == 0) {
    shared.toSource = BackTransform(work.slots[slot].box);
  }
  if (threadIdx.x < kChunk / 32) {
    shared.overlapping[threadIdx.x] = 0;
  }
  const std::uint32_t found = work.call.found[slot];
  const std::uint64_t* const keys = sortKeys([listed](std::uint32_t i) { return listed[i]; }, found, shared.keys,
                                             listed, work.scratch.merged + slot * work.scratch.keyCapacity);
  const std::uint32_t count = min(found, static_cast<std::uint32_t>(kMostCandidates));

  const RawForm& form = work.candidates.raw.form;
  const bool distributed = work.candidates.raw.count != 0 && form.boxes == RawForm::Boxes::Distances && form.bins > 1;
  std::uint32_t kept = 0;
  __syncthreads();
  for (std::uint32_t first = 0; first < count && kept < most; first += kThreads) {
    const bool bySides = distributed && count - first <= kThreads / kSides;
    if (const std::uint32_t i = threadIdx.x / kSides; bySides && first + i < count) {
      reinterpret_cast<float*>(shared.distances)[threadIdx.x] =
          distanceOf(work.candidates, slot, keys[first + i], static_cast<int>(threadIdx.x % kSides));
    }
    if (bySides) {
      __syncthreads();
    }
    KeptObject own;
    if (first + threadIdx.x < count) {
      const std::uint64_t key = keys[first + threadIdx.x];
      own = bySides ? objectOf(work.candidates, key, shared.distances[threadIdx.x])
                    : objectOf(work.candidates, slot, key);
      if (work.candidates.clipped) {
        const Box cut = shared.toSource.within(Box{own.left, own.top, own.right, own.bottom});
        own = {cut.left, cut.top, cut.right, cut.bottom, own.theta, own.score, own.classIndex, own.anchor};
      }
      shared.tile.set(threadIdx.x, shiftedOf(own, agnostic));
    }
    __syncthreads();
    const std::uint32_t gathered = min(kThreads, count - first);
    for (std::uint32_t chunk = 0; chunk < gathered && kept < most; chunk += kChunk) {
      const unsigned size = min(kChunk, gathered - chunk);
      const unsigned column = threadIdx.x % kChunk, row = threadIdx.x / kChunk, half = column / 32;
      const ShiftedBox box = shared.tile.get(chunk + column);  // behind the last one: anything
      bool overlaps = false;
      if (column < size) {
        for (std::uint32_t i = row; i < kept && !overlaps; i += kRows) {
          overlaps = overlap(i < kThreads ? shared.kept.get(i) : shiftedOf(objects[i], agnostic), box, limits.iou);
        }
      }
      const unsigned overlapping = __ballot_sync(kAll, overlaps);
      if (lane == 0 && overlapping != 0) {
        atomicOr(&shared.overlapping[half], overlapping);
      }
      for (unsigned later = row; later < size; later += kRows) {
        const bool meets = column < later && overlap(box, shared.tile.get(chunk + later), limits.iou);
        const unsigned meeting = __ballot_sync(kAll, meets);
        if (lane == 0) {
          shared.before[later][half] = meeting;
        }
      }
      __syncthreads();
      if (threadIdx.x < 32) {
        const std::uint64_t staying = decide(shared, size);
        if (lane == 0) {
          shared.staying = staying;
        }
      }
      __syncthreads();
      const std::uint64_t staying = shared.staying;
      const unsigned mine = threadIdx.x - chunk;  // wraps around for threads before the chunk
      if (mine < kChunk && (staying >> mine & 1) != 0) {
        const std::uint32_t place = kept + __popcll(staying & ((std::uint64_t{1} << mine) - 1));
        if (place < most) {
          objects[place] = own;
          if (place < kThreads) {
            shared.kept.set(place, shared.tile.get(threadIdx.x));
          }
        }
      }
      kept = min(kept + static_cast<std::uint32_t>(__popcll(staying)), most);
      if (threadIdx.x < kChunk / 32) {
        shared.overlapping[threadIdx.x] = 0;
      }
      __syncthreads();
    }
  }
  publish(work, slot, kept, shared.toSource);
}

}  // namespace

void suppress(const Work& work, cudaStream_t stream) {
  launch("starting the suppression", suppressBoxes, dim3(work.batch), kThreads, stream, work);
}

}  // namespace trtyolo::cuda
