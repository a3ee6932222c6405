#include "cuda/parameters.hpp"

#include <cstdint>

#include "cuda/launch.cuh"

namespace trtyolo::cuda {
namespace {

constexpr unsigned kThreads = 256;

struct Words {
  const std::uint32_t* from = nullptr;
  std::uint32_t* to = nullptr;
  std::size_t count = 0;
};

struct AllWords {
  Words words[kMostParameters];
};

__global__ void __launch_bounds__(kThreads) bringWords(AllWords all) {
  // Those of a usual call in one go: what lies on the host is far.
  std::uint32_t first[kMostParameters];
#pragma unroll
  for (std::size_t i = 0; i < kMostParameters; ++i) {
    first[i] = threadIdx.x < all.words[i].count ? all.words[i].from[threadIdx.x] : 0;
  }
#pragma unroll
  for (std::size_t i = 0; i < kMostParameters; ++i) {
    const Words& words = all.words[i];
    if (threadIdx.x < words.count) {
      words.to[threadIdx.x] = first[i];
    }
    for (std::size_t word = threadIdx.x + kThreads; word < words.count; word += kThreads) {
      words.to[word] = words.from[word];
    }
  }
}

}  // namespace

void bring(std::initializer_list<Parameters> parameters, cudaStream_t stream) {
  AllWords all;
  Words* words = all.words;
  for (const Parameters& each : parameters) {
    *words++ = {static_cast<const std::uint32_t*>(each.host), static_cast<std::uint32_t*>(each.device),
                each.bytes / sizeof(std::uint32_t)};
  }
  launch("bringing parameters to the device", bringWords, dim3(1), kThreads, stream, all);
}

}  // namespace trtyolo::cuda
