// Reads bytes of an image as the kernels do. Also plain C++, so that tests can run it without a GPU.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "base/device_function.hpp"

namespace trtyolo::cuda {

// Three channels in the order of the image, the first one lowest.
using Pixel = std::uint32_t;

TRTYOLO_DEVICE inline std::uint32_t channelOf(Pixel pixel, int channel) {
  return (pixel >> (8 * channel)) & 0xFF;
}

// Pixels do not change while a kernel runs: read-only loads. `at` of a word is a multiple of 4.
TRTYOLO_DEVICE inline std::uint32_t loadByte(const std::uint8_t* at) {
#if defined(__CUDA_ARCH__)
  return __ldg(at);
#else
  return *at;
#endif
}

TRTYOLO_DEVICE inline std::uint32_t loadWord(const std::uint8_t* at) {
#if defined(__CUDA_ARCH__)
  return __ldg(reinterpret_cast<const std::uint32_t*>(at));
#else
  std::uint32_t word = 0;
  std::memcpy(&word, at, sizeof word);
  return word;
#endif
}

inline constexpr int kWordSlack = 3;  // bytes beside the wanted ones that reading whole words may touch, on each side

// Up to kBytes bytes (a multiple of 4) as they were loaded: the wanted ones begin `shift` bits above the lowest. That
// they are shifted only when they are used lets further loads start meanwhile.
template <int kBytes>
struct LoadedBytes {
  std::uint32_t words[kBytes / 4 + 1];
  int shift;

  // Byte `number` of the wanted ones; of bytes that were not wanted, anything.
  TRTYOLO_DEVICE std::uint32_t byte(int number) const {
    const int i = number / 4;
    const auto word = static_cast<std::uint32_t>((words[i] | std::uint64_t{words[i + 1]} << 32) >> shift);
    return (word >> (8 * (number % 4))) & 0xFF;
  }
};

// Loads `count` bytes, at most kBytes. With kWords they (1 at least) are read as the aligned words that hold them,
// otherwise byte by byte.
template <int kBytes, bool kWords>
TRTYOLO_DEVICE inline LoadedBytes<kBytes> loadBytes(const std::uint8_t* from, int count) {
  LoadedBytes<kBytes> bytes{};
  if constexpr (kWords) {
    const auto misaligned = static_cast<int>(reinterpret_cast<std::uintptr_t>(from) % 4);
    const std::uint8_t* const word = from - misaligned;
    bytes.shift = 8 * misaligned;
    for (int i = 0; i <= kBytes / 4; ++i) {
      bytes.words[i] = misaligned + count > 4 * i ? loadWord(word + std::ptrdiff_t{4} * i) : 0;
    }
  } else {
    for (int i = 0; i < kBytes / 4; ++i) {
      for (int j = 0; j < 4; ++j) {
        bytes.words[i] |= 4 * i + j < count ? loadByte(from + std::ptrdiff_t{4} * i + j) << (8 * j) : 0;
      }
    }
  }
  return bytes;
}

}  // namespace trtyolo::cuda
