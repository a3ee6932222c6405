// What CUDA calls leave behind when they fail: typed errors that name the device, streams that are usable, no error for
// somebody else to find, and the caller's current device.
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "cuda/copy.hpp"
#include "cuda/devices.hpp"
#include "cuda/error.hpp"
#include "cuda/gpu.hpp"
#include "cuda/memory.hpp"
#include "cuda/stream.hpp"
#include "image/cuda/letterbox.hpp"
#include "trtyolo.hpp"

namespace trtyolo::cuda {
namespace {

constexpr std::size_t kTooMuch = std::size_t{1} << 50;

std::string wordsOf(const std::function<void()>& call) {
  try {
    call();
  } catch (const DeviceError& error) {
    return error.what();
  }
  return "";
}

// A graph that writes 7 into memory can be captured and launched on the stream.
void expectUsable(const Stream& stream) {
  EXPECT_EQ(cudaPeekAtLastError(), cudaSuccess);
  cudaStreamCaptureStatus status = cudaStreamCaptureStatusActive;
  EXPECT_EQ(cudaStreamIsCapturing(stream.get(), &status), cudaSuccess);
  EXPECT_EQ(status, cudaStreamCaptureStatusNone);
  const DeviceMemory<std::uint8_t> memory(16);
  const Graph graph(stream, [&] { check(cudaMemsetAsync(memory.get(), 7, 16, stream.get()), "filling"); });
  graph.launch(stream);
  stream.synchronize();
  std::vector<std::uint8_t> found(16);
  ASSERT_EQ(cudaMemcpy(found.data(), memory.get(), 16, cudaMemcpyDeviceToHost), cudaSuccess);
  EXPECT_EQ(found, std::vector<std::uint8_t>(16, 7));
}

TEST(CudaFaultsTest, MessagesNameTheDeviceAndTheDeed) {
  TRTYOLO_NEEDS_GPU();
  const DeviceScope scope(0);
  const std::string label = deviceLabel(0);
  EXPECT_EQ(label.find("GPU 0 ("), 0U) << label;
  EXPECT_THROW(DeviceMemory<std::uint8_t>{kTooMuch}, OutOfMemory);
  EXPECT_THROW(PinnedMemory<std::uint8_t>{kTooMuch}, OutOfMemory);
  const std::string words = wordsOf([] { DeviceMemory<std::uint8_t>{kTooMuch}; });
  EXPECT_EQ(words, label + ": allocating " + std::to_string(kTooMuch) +
                       " bytes of its memory: out of memory (cudaErrorMemoryAllocation)");
  EXPECT_EQ(cudaGetLastError(), cudaSuccess);
  EXPECT_EQ(wordsOf([] { check(cudaErrorInvalidValue, "copying an image"); }),
            label + ": copying an image: invalid argument (cudaErrorInvalidValue)");
  EXPECT_NE(wordsOf([] { check(cudaErrorIllegalAddress, "waiting"); }).find("cannot use this GPU any more"),
            std::string::npos);
  EXPECT_EQ(state(), cudaSuccess);
}

TEST(CudaFaultsTest, MissingDevicesAreNamed) {
  TRTYOLO_NEEDS_GPU();
  int before = -1, after = -1;
  ASSERT_EQ(cudaGetDevice(&before), cudaSuccess);
  const int count = deviceCount();
  for (const int device : {count, -1, 1000}) {
    EXPECT_NE(wordsOf([&] { checkDevice(device); }).find("this machine has " + std::to_string(count)),
              std::string::npos);
    EXPECT_NE(wordsOf([&] { const DeviceScope scope(device); }), "");
    ASSERT_EQ(cudaGetDevice(&after), cudaSuccess);
    EXPECT_EQ(after, before);
    EXPECT_EQ(cudaGetLastError(), cudaSuccess);
  }
}

TEST(CudaFaultsTest, AThrowInACaptureLeavesTheStreamUsable) {
  TRTYOLO_NEEDS_GPU();
  const DeviceScope scope(0);
  const Stream stream;
  const DeviceMemory<std::uint8_t> memory(16);
  EXPECT_THROW(Graph(stream,
                     [&] {
                       check(cudaMemsetAsync(memory.get(), 1, 16, stream.get()), "filling");
                       throw InferenceError("half way");
                     }),
               InferenceError);
  expectUsable(stream);
}

TEST(CudaFaultsTest, OutOfMemoryInACaptureLeavesTheStreamUsable) {
  TRTYOLO_NEEDS_GPU();
  const DeviceScope scope(0);
  const Stream stream;
  for (const std::size_t bytes : {kTooMuch, std::size_t{1} << 20}) {
    // In a capture CUDA refuses the smallest allocation, too.
    EXPECT_THROW(Graph(stream, [&] { const DeviceMemory<std::uint8_t> memory(bytes); }), DeviceError);
    expectUsable(stream);
  }
}

TEST(CudaFaultsTest, AnInvalidCaptureLeavesTheStreamUsable) {
  TRTYOLO_NEEDS_GPU();
  const DeviceScope scope(0);
  const Stream stream;
  // Waiting for a stream that is captured ends the capture, whether somebody looks at the answer or not.
  EXPECT_THROW(Graph(stream, [&] { stream.synchronize(); }), DeviceError);
  expectUsable(stream);
  EXPECT_THROW(Graph(stream, [&] { ignore(cudaStreamSynchronize(stream.get())); }), DeviceError);
  expectUsable(stream);
}

TEST(CudaFaultsTest, KernelsAnswerForThemselves) {
  TRTYOLO_NEEDS_GPU();
  const DeviceScope scope(0);
  const Stream stream;
  const DeviceMemory<ImageSlot> slots(1);
  const DeviceMemory<float> input(std::size_t{3} * 64 * 64);
  const ImageSlot none;
  copyToDevice(slots.get(), &none, sizeof(none));
  const auto start = [&](int batch) {
    letterbox(slots.get(), batch, {64, 64}, Normalization{}, input.get(), false, stream.get());
  };
  void* nothing = nullptr;
  EXPECT_EQ(cudaMalloc(&nothing, kTooMuch), cudaErrorMemoryAllocation);  // somebody else's failure
  EXPECT_NO_THROW(start(1));
  EXPECT_EQ(cudaGetLastError(), cudaErrorMemoryAllocation);
  EXPECT_NE(wordsOf([&] { start(1 << 20); }).find("starting the letterbox"), std::string::npos);  // too large a grid
  EXPECT_EQ(cudaGetLastError(), cudaSuccess);
  stream.synchronize();
}

}  // namespace
}  // namespace trtyolo::cuda
