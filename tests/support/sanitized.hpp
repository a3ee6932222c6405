// How much of a test is repeated under sanitizers, which make everything several times slower: they are to see the code
// at work; the values are compared in other builds, too.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace trtyolo::test {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr int kShareOfRounds = 6;
#else
inline constexpr int kShareOfRounds = 1;
#endif

// So many of `count` rounds, at least one.
inline int rounds(std::size_t count) {
  return std::max(1, static_cast<int>(count) / kShareOfRounds);
}

// All of these; under sanitizers one of them, another with each `turn`.
template <class Value>
std::vector<Value> byTurns(const std::vector<Value>& all, std::size_t turn = 0) {
  return kShareOfRounds == 1 ? all : std::vector<Value>{all[turn % all.size()]};
}

}  // namespace trtyolo::test
