// Lists the candidates of a network's outputs: each anchor's best class (or all classes that score enough), if it
// scores above the threshold and is wanted. A block looks at 32 anchors; how it shares them out depends on how scores
// lie.
#include "cuda/launch.cuh"
#include "model/cuda/device_values.cuh"
#include "model/cuda/selection.hpp"

namespace trtyolo::cuda {
namespace {

constexpr unsigned kAnchors = 32, kWarps = 8, kThreads = 32 * kWarps;
constexpr unsigned kWarpAnchors = kAnchors / kWarps;
constexpr unsigned kAll = 0xFFFFFFFFU;

// Adds the keys of those lanes that have one to the list. The whole warp calls it.
__device__ void append(const Work& work, unsigned slot, bool found, std::uint64_t key) {
  const unsigned lane = threadIdx.x % 32, lanes = __ballot_sync(kAll, found);
  if (lanes == 0) {
    return;
  }
  unsigned begin = 0;
  if (lane == 0) {
    begin = atomicAdd(&work.call.found[slot], static_cast<unsigned>(__popc(lanes)));
  }
  begin = __shfl_sync(kAll, begin, 0);
  if (found) {
    work.scratch.keys[slot * work.scratch.keyCapacity + begin + __popc(lanes & ((1U << lane) - 1))] = key;
  }
}

__device__ std::uint64_t keyOf(const Candidates& candidates, float score, std::uint32_t anchor, std::uint32_t c) {
  return candidateKey(score, static_cast<std::uint64_t>(anchor) * candidates.classes + c);
}

// What stands for a value that is not there: its score is 0.
__device__ float scoreless(const Candidates& candidates) {
  return candidates.logits ? -INFINITY : 0.0F;
}

// No value up to this one scores above `confidence`. An objectness that is no logit may be above 1: then nothing is
// known.
__device__ float leastValueOf(const Candidates& candidates, float confidence) {
  return candidates.logits ? leastValueFor(confidence, true) : -INFINITY;
}

// The better of what was found before and class c. A NaN in the place of the first class is never beaten, elsewhere it
// never wins: that is what comparing one after another comes to.
__device__ std::uint64_t better(std::uint64_t best, float score, std::uint32_t c, float confidence) {
  if (score > confidence) {
    const std::uint64_t key = bestKey(score, c);
    return key > best ? key : best;
  }
  return c == 0 && score != score ? kSpoilt : best;
}

// What a block looks at: the scores of the anchors of a table, or of those of one place in the cells of a grid.
template <typename Value>
struct Part {
  const Value *scores, *objectness;  // of the image; no objectness: null
  std::size_t classStep, anchorStep;
  std::size_t objectnessStep;  // from anchor to anchor
  std::uint32_t anchors;
  std::uint32_t first;  // number of the first of them
  std::uint32_t begin;  // the block's first
};

// Blocks that a grid takes, with all anchors of its cells.
__host__ __device__ std::uint32_t blocksOf(const RawGrids& raw, std::uint32_t level) {
  return (raw.levels[level].cells + kAnchors - 1) / kAnchors * raw.anchorsPerCell;
}

template <typename Value>
__device__ Part<Value> partOf(const Candidates& candidates, unsigned slot, std::uint32_t block) {
  const RawGrids& raw = candidates.raw;
  if (raw.count == 0) {
    const DeviceTable &scores = candidates.scores, &objectness = candidates.objectness;
    return {static_cast<const Value*>(scores.data) + slot * scores.slotStep,
            objectness.data ? static_cast<const Value*>(objectness.data) + slot * objectness.slotStep : nullptr,
            scores.valueStep,
            scores.anchorStep,
            objectness.anchorStep,
            candidates.anchors,
            0,
            block * kAnchors};
  }
  std::uint32_t level = 0;
  while (level + 1 < raw.count && block >= blocksOf(raw, level)) {
    block -= blocksOf(raw, level++);
  }
  const RawGridLevel& grid = raw.levels[level];
  const std::uint32_t blocks = blocksOf(raw, level) / raw.anchorsPerCell, which = block / blocks;
  const RawTensor& tensor = grid.scores;
  const Value* const values = static_cast<const Value*>(tensor.data) + slot * tensor.slotStep +
                              std::size_t{which} * raw.values * tensor.valueStep;
  return {values + std::size_t{raw.scoresAt} * tensor.valueStep,
          raw.objectnessAt != 0 ? values + std::size_t{raw.objectnessAt} * tensor.valueStep : nullptr,
          tensor.valueStep,
          tensor.cellStep,
          tensor.cellStep,
          grid.cells,
          grid.first + which * grid.cells,
          block % blocks * kAnchors};
}

// Lists the block's anchors by their best classes. The first warp calls it.
__device__ void appendBest(const Work& work, unsigned slot, std::uint32_t anchor, std::uint64_t best, bool everyClass) {
  const std::uint32_t c = classOfBest(best);
  const bool found = best != kNoClass && best != kSpoilt && isWanted(work.call, everyClass, c);
  append(work, slot, found, found ? keyOf(work.candidates, scoreOfBest(best), anchor, c) : 0);
}

// Anchors lie side by side: a lane has an anchor, and each warp some of the classes.
template <typename Value>
__global__ void __launch_bounds__(kThreads) scanPlanes(Work work) {
  constexpr unsigned kBatch = 10;  // loads under way at once
  __shared__ std::uint64_t bests[kWarps][kAnchors];
  const unsigned slot = blockIdx.y, lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  if (!isUsed(work, slot)) {
    return;
  }
  const Candidates& candidates = work.candidates;
  const float confidence = work.call.limits->confidence;
  // An end-to-end network gives its best objects of all classes, whichever are wanted.
  const bool everyClass = work.call.limits->everyClass != 0 || candidates.raw.mostObjects != 0;
  const Part<Value> part = partOf<Value>(candidates, slot, blockIdx.x);
  const std::uint32_t inPlane = part.begin + lane, anchor = part.first + inPlane;
  bool looked = inPlane < part.anchors;
  float factor = 1.0F;
  if (part.objectness && looked) {
    factor = scoreOf(toFloat(part.objectness[inPlane]), candidates.logits);
    looked = factor > confidence;
  }
  const float none = scoreless(candidates);
  const float least = leastValueOf(candidates, confidence);
  const Value* const scores = part.scores + inPlane;
  std::uint64_t best = kNoClass;
  for (std::uint32_t begin = warp; begin < candidates.classes; begin += kWarps * kBatch) {
    float values[kBatch];
#pragma unroll
    for (unsigned i = 0; i < kBatch; ++i) {
      const std::uint32_t c = begin + i * kWarps;
      values[i] = looked && c < candidates.classes ? toFloat(scores[c * part.classStep]) : none;
    }
#pragma unroll
    for (unsigned i = 0; i < kBatch; ++i) {
      const std::uint32_t c = begin + i * kWarps;
      const float score = values[i] <= least ? 0.0F : scoreOf(values[i], candidates.logits) * factor;
      if (candidates.multiLabel) {
        const bool found = score > confidence && isWanted(work.call, everyClass, c);
        append(work, slot, found, found ? keyOf(candidates, score, anchor, c) : 0);
      } else {
        best = better(best, score, c, confidence);
      }
    }
  }
  if (candidates.multiLabel) {
    return;
  }
  bests[warp][lane] = best;
  __syncthreads();
  if (warp == 0) {
    for (unsigned w = 1; w < kWarps; ++w) {
      best = max(best, bests[w][lane]);
    }
    appendBest(work, slot, anchor, best, everyClass);
  }
}

// An anchor's values lie side by side: a lane has a class, and each warp some of the anchors.
template <typename Value>
__global__ void __launch_bounds__(kThreads) scanRows(Work work) {
  constexpr unsigned kBatch = 3;  // loads under way at once, of each anchor
  __shared__ std::uint64_t bests[kAnchors];
  const unsigned slot = blockIdx.y, lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  if (!isUsed(work, slot)) {
    return;
  }
  const Candidates& candidates = work.candidates;
  const float confidence = work.call.limits->confidence;
  // An end-to-end network gives its best objects of all classes, whichever are wanted.
  const bool everyClass = work.call.limits->everyClass != 0 || candidates.raw.mostObjects != 0;
  const Part<Value> part = partOf<Value>(candidates, slot, blockIdx.x);
  const std::uint32_t begin = part.begin + warp * kWarpAnchors;
  bool looked[kWarpAnchors];
  float factors[kWarpAnchors];
  std::uint64_t best[kWarpAnchors];
#pragma unroll
  for (unsigned a = 0; a < kWarpAnchors; ++a) {
    looked[a] = begin + a < part.anchors;
    factors[a] = 1.0F;
    if (part.objectness && looked[a]) {
      factors[a] = scoreOf(toFloat(part.objectness[(begin + a) * part.objectnessStep]), candidates.logits);
    }
    best[a] = kNoClass;
  }
  if (part.objectness) {
#pragma unroll
    for (unsigned a = 0; a < kWarpAnchors; ++a) {
      looked[a] = looked[a] && factors[a] > confidence;
    }
  }
  const float none = scoreless(candidates);
  const float least = leastValueOf(candidates, confidence);
  const Value* const scores = part.scores + begin * part.anchorStep;
  for (std::uint32_t first = 0; first < candidates.classes; first += 32 * kBatch) {
    float values[kWarpAnchors][kBatch];
#pragma unroll
    for (unsigned a = 0; a < kWarpAnchors; ++a) {
#pragma unroll
      for (unsigned i = 0; i < kBatch; ++i) {
        const std::uint32_t c = first + i * 32 + lane;
        values[a][i] = looked[a] && c < candidates.classes ? toFloat(scores[a * part.anchorStep + c]) : none;
      }
    }
#pragma unroll
    for (unsigned a = 0; a < kWarpAnchors; ++a) {
#pragma unroll
      for (unsigned i = 0; i < kBatch; ++i) {
        const std::uint32_t c = first + i * 32 + lane;
        const float score = values[a][i] <= least ? 0.0F : scoreOf(values[a][i], candidates.logits) * factors[a];
        if (candidates.multiLabel) {
          const bool found = score > confidence && isWanted(work.call, everyClass, c);
          append(work, slot, found, found ? keyOf(candidates, score, part.first + begin + a, c) : 0);
        } else {
          best[a] = better(best[a], score, c, confidence);
        }
      }
    }
  }
  if (candidates.multiLabel) {
    return;
  }
#pragma unroll
  for (unsigned a = 0; a < kWarpAnchors; ++a) {
    for (int stride = 16; stride > 0; stride /= 2) {
      const std::uint64_t other = __shfl_xor_sync(kAll, static_cast<unsigned long long>(best[a]), stride);
      best[a] = max(best[a], other);
    }
    if (lane == 0) {
      bests[warp * kWarpAnchors + a] = best[a];
    }
  }
  __syncthreads();
  if (warp == 0) {
    appendBest(work, slot, part.first + part.begin + lane, bests[lane], everyClass);
  }
}

template <typename Value>
void scanValues(const Work& work, cudaStream_t stream) {
  const Candidates& candidates = work.candidates;
  std::uint32_t blocks = candidates.raw.count == 0 ? (candidates.anchors + kAnchors - 1) / kAnchors : 0;
  for (std::uint32_t level = 0; level < candidates.raw.count; ++level) {
    blocks += blocksOf(candidates.raw, level);
  }
  const bool rows = candidates.raw.count == 0 ? candidates.anchorsFirst : candidates.raw.cellsFirst;
  launch("starting the scan for candidates", rows ? scanRows<Value> : scanPlanes<Value>, dim3(blocks, work.batch),
         kThreads, stream, work);
}

}  // namespace

void scan(const Work& work, cudaStream_t stream) {
  if (work.candidates.anchors == 0) {
    return;
  }
  const Candidates& candidates = work.candidates;
  if ((candidates.raw.count != 0 ? candidates.raw.type : candidates.scores.type) == ValueType::F16) {
    scanValues<__half>(work, stream);
  } else {
    scanValues<float>(work, stream);
  }
}

}  // namespace trtyolo::cuda
