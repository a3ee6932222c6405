// Images, and memory for what is made of them, that let AddressSanitizer and guards see what is read or written beyond.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "image/geometry.hpp"
#include "support/random.hpp"

namespace trtyolo::test {

enum class Content { kNoise, kExtremes, kGradient };

// An image that ends, in memory of its own, with its last pixel. It begins `offset` bytes after a multiple of 16.
class TestImage {
 public:
  TestImage(Size size, int channels, std::size_t padding, Content content, std::uint64_t seed, std::size_t offset = 0) {
    const std::size_t rowBytes = static_cast<std::size_t>(size.width) * static_cast<std::size_t>(channels);
    view_.size = size;
    view_.channels = channels;
    view_.pitch = rowBytes + padding;
    const std::size_t bytes = view_.pitch * static_cast<std::size_t>(size.height - 1) + rowBytes;
    memory_ = std::make_unique<std::uint8_t[]>(offset + bytes);
    pixels_ = memory_.get() + offset;
    view_.data = pixels_;
    Random random(seed);
    for (std::size_t i = 0; i < bytes; i += sizeof(std::uint64_t)) {
      std::uint64_t word = random();
      if (content == Content::kExtremes) {
        word = (word & 0x0101010101010101u) * 255u;
      }
      std::memcpy(pixels_ + i, &word, std::min(bytes - i, sizeof word));
    }
    if (content == Content::kGradient) {
      for (int y = 0; y < size.height; ++y) {
        for (std::size_t x = 0; x < rowBytes; ++x) {
          row(y)[x] = static_cast<std::uint8_t>((x * 3 + static_cast<std::size_t>(y) * 5) >> 2);
        }
      }
    }
  }

  // Every pixel the same.
  TestImage(Size size, int channels, std::uint8_t value) : TestImage(size, channels, 0, Content::kGradient, 0) {
    std::fill_n(pixels_, view_.pitch * static_cast<std::size_t>(size.height), value);
  }

  const ImageView& view() const { return view_; }
  std::uint8_t* row(int y) { return pixels_ + static_cast<std::size_t>(y) * view_.pitch; }
  std::uint8_t& at(int x, int y, int channel) { return row(y)[x * view_.channels + channel]; }

 private:
  std::unique_ptr<std::uint8_t[]> memory_;
  std::uint8_t* pixels_ = nullptr;
  ImageView view_;
};

// Noise.
inline TestImage noise(Random& random, Size size, int channels, std::size_t padding, std::size_t offset) {
  return TestImage(size, channels, padding, Content::kNoise, random(), offset);
}

// Memory for `count` values, each `unwritten`, with some more before and after that must stay so.
template <typename Value>
class Guarded {
 public:
  Guarded(std::size_t count, Value unwritten) : unwritten_(unwritten), values_(kGuard + count + kGuard, unwritten) {}

  Value* data() { return values_.data() + kGuard; }
  const Value* data() const { return values_.data() + kGuard; }
  std::vector<Value> inner() const { return {values_.begin() + kGuard, values_.end() - kGuard}; }

  bool guardsIntact() const {
    const auto untouched = [this](Value value) { return value == unwritten_; };
    return std::all_of(values_.begin(), values_.begin() + kGuard, untouched) &&
           std::all_of(values_.end() - kGuard, values_.end(), untouched);
  }

 private:
  static constexpr std::ptrdiff_t kGuard = 37;  // odd, so that the values are not aligned to vectors
  Value unwritten_;
  std::vector<Value> values_;
};

inline constexpr float kUnwritten = -1e30f;  // unlike any value of a network's input

}  // namespace trtyolo::test
