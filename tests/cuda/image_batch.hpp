// Images in device memory and the network's input, for the tests of the kernels that write the one into the other.
#pragma once

#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <random>
#include <vector>

#include "cuda/copy.hpp"
#include "cuda/error.hpp"
#include "cuda/memory.hpp"
#include "image/letterbox.hpp"
#include "support/random.hpp"

namespace trtyolo::cuda {

class TestStream {
 public:
  TestStream() { check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "making a stream"); }
  ~TestStream() { ignore(cudaStreamDestroy(stream_)); }
  TestStream(const TestStream&) = delete;
  TestStream& operator=(const TestStream&) = delete;

  cudaStream_t get() const { return stream_; }
  void wait() const { check(cudaStreamSynchronize(stream_), "waiting for a stream"); }

 private:
  cudaStream_t stream_ = nullptr;
};

// What `call` puts on a stream, captured once and launched at will.
class TestGraph {
 public:
  template <class Call>
  TestGraph(const TestStream& stream, const Call& call) {
    check(cudaStreamBeginCapture(stream.get(), cudaStreamCaptureModeThreadLocal), "starting a capture");
    call();
    cudaGraph_t graph = nullptr;
    check(cudaStreamEndCapture(stream.get(), &graph), "ending a capture");
    const cudaError_t made = cudaGraphInstantiate(&graph_, graph, 0);
    ignore(cudaGraphDestroy(graph));
    check(made, "making a graph");
  }
  ~TestGraph() { ignore(cudaGraphExecDestroy(graph_)); }
  TestGraph(const TestGraph&) = delete;
  TestGraph& operator=(const TestGraph&) = delete;

  void launch(const TestStream& stream) const { check(cudaGraphLaunch(graph_, stream.get()), "launching a graph"); }

 private:
  cudaGraphExec_t graph_ = nullptr;
};

// Noise, here and in device memory of its own, which ends with the last pixel, so that compute-sanitizer sees any read
// past it. It begins `offset` bytes after where the device's allocations are aligned to.
class DeviceImage {
 public:
  DeviceImage(std::mt19937& random, Size size, int channels, std::size_t padding, std::size_t offset)
      : offset_(offset) {
    const std::size_t rowBytes = static_cast<std::size_t>(size.width) * static_cast<std::size_t>(channels);
    view_.size = size;
    view_.channels = channels;
    view_.pitch = rowBytes + padding;
    bytes_.resize(view_.pitch * static_cast<std::size_t>(size.height - 1) + rowBytes);
    for (std::size_t i = 0; i < bytes_.size(); i += 4) {
      const auto word = static_cast<std::uint32_t>(random());
      std::memcpy(bytes_.data() + i, &word, std::min<std::size_t>(bytes_.size() - i, 4));
    }
    view_.data = bytes_.data();
    device_ = DeviceMemory<std::uint8_t>(offset + bytes_.size());
    upload(bytes_);
  }
  DeviceImage(DeviceImage&&) = default;

  const ImageView& view() const { return view_; }
  const std::uint8_t* pixels() const { return device_.get() + offset_; }
  const std::vector<std::uint8_t>& bytes() const { return bytes_; }

  // Other bytes for the device only.
  void upload(const std::vector<std::uint8_t>& bytes) {
    copyToDevice(device_.get() + offset_, bytes.data(), bytes.size());
  }

 private:
  std::size_t offset_;
  ImageView view_;
  std::vector<std::uint8_t> bytes_;
  DeviceMemory<std::uint8_t> device_;
};

inline DeviceImage randomImage(std::mt19937& random, Size largest) {
  constexpr int kChannels[] = {1, 3, 3, 4};
  const Size size{test::magnitude(random, largest.width), test::magnitude(random, largest.height)};
  return DeviceImage(random, size, kChannels[random() % 4], random() % 2 * (random() % 67), random() % 17);
}

// With mean and std as often as without.
inline Normalization randomNormalization(std::mt19937& random) {
  Normalization normalization;
  normalization.swapRB = random() % 2 == 0;
  normalization.border = random() % 2 == 0 ? 114.0f : static_cast<float>(random() % 511) / 2.0f;
  if (random() % 2 == 0) {
    normalization.mean = {0.485f, 0.456f, 0.406f};
    normalization.std = {0.229f, 0.224f, 0.225f};
  }
  return normalization;
}

// `value` as f16, rounded to the nearest, halves to even.
inline std::uint16_t halfOf(float value) {
  const std::uint32_t sign = std::signbit(value) ? 0x8000 : 0;
  const double size = std::abs(static_cast<double>(value));
  if (size == 0) {
    return static_cast<std::uint16_t>(sign);
  }
  const int exponent = std::max(std::ilogb(size), -14);
  const auto units = static_cast<std::uint32_t>(std::nearbyint(std::ldexp(size, 10 - exponent)));
  // 2048 units carry into the exponent by themselves; fewer than 1024 are a subnormal number.
  const std::uint32_t bits = static_cast<std::uint32_t>(exponent + 14) * 1024 + units;
  return static_cast<std::uint16_t>(sign | std::min(bits, 0x7C00u));
}

// The network's input in device memory, unlike anything that is written into it, with some more before and behind that
// must stay so.
class DeviceInput {
 public:
  DeviceInput(int batch, Size network, bool half)
      : half_(half),
        planes_(3 * static_cast<std::size_t>(network.width) * static_cast<std::size_t>(network.height)),
        memory_(valueBytes() * (2 * kGuard + static_cast<std::size_t>(batch) * planes_)) {
    check(cudaMemset(memory_.get(), kUnwritten, memory_.bytes()), "filling memory");
    check(cudaDeviceSynchronize(), "waiting for the device");
  }

  void* data() const { return memory_.get() + kGuard * valueBytes(); }

  // How many values are not as expected. `expected` has the planes of each image of the batch, or nothing where nothing
  // is to be written.
  std::size_t differences(const std::vector<std::optional<std::vector<float>>>& expected) const {
    std::vector<std::uint8_t> bytes(memory_.bytes());
    check(cudaMemcpy(bytes.data(), memory_.get(), bytes.size(), cudaMemcpyDeviceToHost), "copying the input");
    std::vector<std::uint8_t> wanted(bytes.size(), kUnwritten);
    for (std::size_t image = 0; image < expected.size(); ++image) {
      if (expected[image]) {
        std::uint8_t* to = wanted.data() + (kGuard + image * planes_) * valueBytes();
        for (const float value : *expected[image]) {
          const std::uint16_t half = half_ ? halfOf(value) : std::uint16_t{0};
          std::memcpy(to, half_ ? static_cast<const void*>(&half) : &value, valueBytes());
          to += valueBytes();
        }
      }
    }
    std::size_t count = 0;
    for (std::size_t at = 0; at < bytes.size(); at += valueBytes()) {
      count += std::memcmp(bytes.data() + at, wanted.data() + at, valueBytes()) != 0;
    }
    return count;
  }

 private:
  static constexpr std::size_t kGuard = 1024;  // values
  static constexpr std::uint8_t kUnwritten = 0xF1;

  std::size_t valueBytes() const { return half_ ? 2 : 4; }

  bool half_;
  std::size_t planes_;  // values of one image
  DeviceMemory<std::uint8_t> memory_;
};

}  // namespace trtyolo::cuda
