// Sorting by one block of threads: runs of kSortTile keys in shared memory, longer lists by merging runs in global
// memory.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

#include "model/cuda/selection.hpp"

namespace trtyolo::cuda {

// One step of the bitonic network within a warp, for the key at `place`: the pair that lies `stride` apart rises or
// falls.
__device__ inline std::uint64_t exchanged(std::uint64_t key, std::uint32_t place, std::uint32_t stride, bool rises) {
  const std::uint64_t other =
      __shfl_xor_sync(0xFFFFFFFFU, static_cast<unsigned long long>(key), static_cast<int>(stride));
  const bool smallerHere = ((place & stride) == 0) == rises;
  return (key < other) == smallerHere ? key : other;
}

// The keys of a warp sorted, where `place` is the lane: as place in a longer sequence of such, every second warp falls.
__device__ inline std::uint64_t sortedInWarp(std::uint64_t key, std::uint32_t place) {
  for (std::uint32_t width = 2; width <= 32; width *= 2) {
    for (std::uint32_t stride = width / 2; stride > 0; stride /= 2) {
      key = exchanged(key, place, stride, (place & width) == 0);
    }
  }
  return key;
}

// Sorts `count` <= kSortTile keys in shared memory, which has room for kSortTile. All threads of the block call it,
// after a barrier behind their last access; it ends with one.
__device__ inline void sortTile(std::uint64_t* tile, std::uint32_t count) {
  std::uint32_t size = 32;
  while (size < count) {
    size *= 2;
  }
  for (std::uint32_t i = count + threadIdx.x; i < size; i += blockDim.x) {
    tile[i] = ~std::uint64_t{0};
  }
  __syncthreads();
  for (std::uint32_t i = threadIdx.x; i < size; i += blockDim.x) {  // whole warps: size is a multiple of 32
    tile[i] = sortedInWarp(tile[i], i);
  }
  for (std::uint32_t width = 64; width <= size; width *= 2) {
    for (std::uint32_t stride = width / 2; stride >= 32; stride /= 2) {
      __syncthreads();
      for (std::uint32_t pair = threadIdx.x; pair < size / 2; pair += blockDim.x) {
        const std::uint32_t i = (pair & ~(stride - 1)) * 2 + (pair & (stride - 1));
        const std::uint64_t a = tile[i], b = tile[i + stride];
        if ((a > b) == ((i & width) == 0)) {
          tile[i] = b;
          tile[i + stride] = a;
        }
      }
    }
    __syncthreads();
    for (std::uint32_t i = threadIdx.x; i < size; i += blockDim.x) {
      std::uint64_t key = tile[i];
      for (std::uint32_t stride = 16; stride > 0; stride /= 2) {
        key = exchanged(key, i, stride, (i & width) == 0);
      }
      tile[i] = key;
    }
  }
  __syncthreads();
}

// How many of `count` rising keys are below `key`.
__device__ inline std::uint32_t countBelow(const std::uint64_t* keys, std::uint32_t count, std::uint64_t key) {
  std::uint32_t begin = 0, end = count;
  while (begin < end) {
    const std::uint32_t middle = begin + (end - begin) / 2;
    if (keys[middle] < key) {
      begin = middle + 1;
    } else {
      end = middle;
    }
  }
  return begin;
}

// Sorts the keys load(0) ... load(count - 1), which are all different, and says where they lie then: in `tile`, which
// is shared memory for kSortTile keys, or in `first` or `second`, global memory for `count` keys each, which lists that
// fit into the tile do not touch. `load` may read from `first`. All threads of the block call it, and may read what it
// gives.
template <typename Load>
__device__ const std::uint64_t* sortKeys(const Load& load, std::uint32_t count, std::uint64_t* tile,
                                         std::uint64_t* first, std::uint64_t* second) {
  for (std::uint32_t begin = 0; begin < count; begin += kSortTile) {
    const std::uint32_t size = min(kSortTile, count - begin);
    for (std::uint32_t i = threadIdx.x; i < size; i += blockDim.x) {
      tile[i] = load(begin + i);
    }
    sortTile(tile, size);
    if (count <= kSortTile) {
      return tile;
    }
    for (std::uint32_t i = threadIdx.x; i < size; i += blockDim.x) {
      first[begin + i] = tile[i];
    }
    __syncthreads();
  }
  for (std::uint32_t run = kSortTile; run < count; run *= 2) {
    for (std::uint32_t i = threadIdx.x; i < count; i += blockDim.x) {
      const std::uint64_t key = first[i];
      const std::uint32_t own = i & ~(run - 1), neighbour = own ^ run;
      const std::uint32_t below =
          neighbour < count ? countBelow(first + neighbour, min(run, count - neighbour), key) : 0;
      second[min(own, neighbour) + (i - own) + below] = key;
    }
    __syncthreads();
    std::uint64_t* const merged = second;
    second = first;
    first = merged;
  }
  return first;
}

}  // namespace trtyolo::cuda
