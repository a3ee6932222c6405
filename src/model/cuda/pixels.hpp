// Semantic segmentation and depth on a GPU: what decodePixels() is on the CPU, with the memory that it takes.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "cuda/memory.hpp"
#include "cuda/parameters.hpp"
#include "model/cuda/objects.hpp"
#include "model/description.hpp"
#include "model/postprocess_options.hpp"
#include "trtyolo/results.hpp"

namespace trtyolo::cuda {

// Where an image lies in the network's input; without pixels: the place in the batch is not used.
struct PixelPlace {
  Size source, scaled;
  int left = 0, top = 0;
};

// What the kernel is given. Everything lies in device memory, or in page-locked memory (classes, metres).
struct PixelWork {
  const void* map = nullptr;  // [batch, planes, cells.height, cells.width]
  ValueType type = ValueType::F32;
  int planes = 1;  // logits of so many classes; otherwise 1
  Size cells, network;
  OutputLayout::Kind kind = OutputLayout::Kind::Depth;
  std::uint16_t none = 0;  // of class maps: what numbers become that no class has

  std::uint32_t batch = 0;
  const PixelPlace* places = nullptr;  // [batch]
  std::size_t capacity = 0;            // pixels of an image
  std::uint16_t* classes = nullptr;    // [batch, capacity]; null if the network gives depth
  float* metres = nullptr;             // [batch, capacity]; null if it does not
};

// Enqueues the kernel; can be captured. Throws DeviceError.
void makePixels(const PixelWork& work, cudaStream_t stream);

// The maps of one context. One thread at a time, with the context's device current. For each call, in this order:
// prepare() on the host; then in the stream, or in a graph captured from it, the parameters() are brought to the device
// and, behind the network, enqueue(); read() once the stream was waited for.
//
// Results equal those of the CPU to the last bit.
class PixelDecoder {
 public:
  // Takes over the output and where the images lie, of a batch of `batch` places of which some may be unused at the
  // end. True if what was captured before must be captured anew. Throws InferenceError if the output has not the shape
  // that the layout promised, and DeviceError.
  bool prepare(const OutputLayout& layout, const DeviceTensor& output, std::span<const Letterbox> letterboxes,
               std::size_t batch);

  // What prepare() wrote; the places are the same until it says that what was captured is stale.
  Parameters parameters() const;
  void enqueue(cudaStream_t stream) const { makePixels(work_, stream); }

  // What the network says of the image in place `slot`.
  Result read(std::size_t slot, const PostprocessOptions& options) const;

 private:
  OutputLayout layout_;
  DeviceTensor output_;
  PixelWork work_;
  PinnedMemory<PixelPlace> places_;
  DeviceMemory<PixelPlace> devicePlaces_;
  PinnedMemory<std::uint16_t> classes_;
  PinnedMemory<float> metres_;
};

}  // namespace trtyolo::cuda
