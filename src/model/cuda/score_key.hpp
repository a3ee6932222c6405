// Numbers that sort as candidates and classes do: one integer holds all that decides the order, and no two are equal.
#pragma once

#include <cstdint>
#include <cstring>

#include "base/device_function.hpp"

namespace trtyolo::cuda {

TRTYOLO_DEVICE inline std::uint32_t bitsOf(float value) {
  std::uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return bits;
}

TRTYOLO_DEVICE inline float floatOf(std::uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

// A candidate's place: its anchor times the number of classes, plus its class.
inline constexpr int kPlaceBits = 33;
inline constexpr std::uint64_t kMostPlaces = std::uint64_t{1} << kPlaceBits;

// Rises as candidates are sorted: by falling score, then by rising place. The score is above 0 (it may be infinite), so
// that its bits rise with it and leave the sign's to the place.
TRTYOLO_DEVICE inline std::uint64_t candidateKey(float score, std::uint64_t place) {
  return static_cast<std::uint64_t>(0x7FFFFFFFU - bitsOf(score)) << kPlaceBits | place;
}

TRTYOLO_DEVICE inline float scoreOfCandidate(std::uint64_t key) {
  return floatOf(0x7FFFFFFFU - static_cast<std::uint32_t>(key >> kPlaceBits));
}

TRTYOLO_DEVICE inline std::uint64_t placeOfCandidate(std::uint64_t key) {
  return key & (kMostPlaces - 1);
}

// What an anchor's best class is looked for with: the largest wins, of equal scores the first class. Scores are above
// 0.
inline constexpr std::uint64_t kNoClass = 0;
inline constexpr std::uint64_t kSpoilt = ~std::uint64_t{0};  // beats all: the score of class 0 is not a number

TRTYOLO_DEVICE inline std::uint64_t bestKey(float score, std::uint32_t classIndex) {
  return static_cast<std::uint64_t>(bitsOf(score)) << 32 | (0xFFFFFFFFU - classIndex);
}

TRTYOLO_DEVICE inline float scoreOfBest(std::uint64_t key) {
  return floatOf(static_cast<std::uint32_t>(key >> 32));
}

TRTYOLO_DEVICE inline std::uint32_t classOfBest(std::uint64_t key) {
  return 0xFFFFFFFFU - static_cast<std::uint32_t>(key);
}

// Rises as a classifier's classes are sorted: by falling score, a NaN below every number, then by rising index.
TRTYOLO_DEVICE inline std::uint64_t classKey(float score, std::uint32_t classIndex) {
  std::uint32_t rank = 0;
  if (score == score) {
    const std::uint32_t bits = bitsOf(score == 0.0F ? 0.0F : score);  // both zeros are equal
    rank = (bits >> 31) != 0 ? ~bits : bits | 0x80000000U;
  }
  return static_cast<std::uint64_t>(~rank) << 32 | classIndex;
}

TRTYOLO_DEVICE inline std::uint32_t classOfKey(std::uint64_t key) {
  return static_cast<std::uint32_t>(key);
}

}  // namespace trtyolo::cuda
