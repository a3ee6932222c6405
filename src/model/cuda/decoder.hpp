// From a network's outputs to results on the GPU: what a Head is on the CPU, with the memory that it takes.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "cuda/memory.hpp"
#include "cuda/parameters.hpp"
#include "image/cuda/image_slot.hpp"
#include "model/cuda/masks.hpp"
#include "model/cuda/objects.hpp"
#include "model/cuda/selection.hpp"
#include "model/description.hpp"
#include "model/postprocess_options.hpp"
#include "trtyolo/results.hpp"

namespace trtyolo::cuda {

// Decoding state of one context. One thread at a time, with the context's device current, from making to destroying.
// For each call, in this order: prepare() on the host; then in the stream, or in a graph captured from it, the
// parameters() are brought to the device and, behind the network, enqueue(); read() once the stream was waited for.
// Whatever became of one call, the next begins anew.
//
// Results equal those of the CPU's heads: the same objects in the same order, and the same numbers to the last bit.
// Only rotated boxes whose overlap lies within some 1e-6 of the threshold may be decided differently.
class Decoder {
 public:
  // For outputs that are understood (ModelDescription::refusal is empty), of `batch` >= 1 images.
  Decoder(const ModelDescription& description, int batch);

  // Takes over the thresholds and the outputs, in the order of the description's. No call may be under way. True if
  // what was captured before must be captured anew: memory moved, or the outputs are others. Allocates only if a limit
  // of objects or a shape is larger than any before. Throws InferenceError if the outputs have not the shapes that the
  // description promised, and DeviceError.
  bool prepare(const PostprocessOptions& options, std::span<const DeviceTensor> outputs);

  // What prepare() wrote; the places stay the same.
  Parameters parameters() const;
  // Enqueues all kernels; can be captured. `slots` lie in device memory, one for each image of the batch. Throws
  // DeviceError.
  void enqueue(const ImageSlot* slots, cudaStream_t stream) const;

  // What was found in place `slot`, whose slot had pixels; without the masks of segmenters.
  Result read(std::size_t slot) const;

  // For the masks: the selected objects in pixels of the network's input, [batch, capacity()], and how many, [batch],
  // in device memory once enqueue() is done; the extra values, by a kept object's anchor. Valid until the next
  // prepare().
  const KeptObject* kept() const { return work_.results.kept; }
  const int* keptCounts() const { return work_.results.keptCounts; }
  std::size_t capacity() const { return work_.results.capacity; }
  Coefficients extraValues() const { return {work_.candidates.extra, work_.candidates.raw}; }

 private:
  bool takeOutputs(std::span<const DeviceTensor> outputs);
  void placeTables(std::span<const DeviceTensor> outputs);
  void placeGrids(std::span<const DeviceTensor> outputs);
  void placeScratch(const DeviceTensor& boxes);
  void placeClasses(const DeviceTensor& scores);
  std::size_t mostResults() const;
  void allocate(std::size_t capacity);
  void writeParameters(const PostprocessOptions& options);  // of a classifier: PostprocessOptions::ofClassifier()

  Task task_;
  OutputLayout layout_;
  std::size_t batch_;
  std::size_t keypoints_ = 0, keypointDims_ = 0;

  Work work_;
  std::vector<DeviceTensor> outputs_;  // of the last prepare()
  bool stale_ = true;                  // what was captured, since prepare() last said so

  // Limits, a bit for each class, and two counters for each image.
  PinnedMemory<std::uint32_t> parameters_;
  DeviceMemory<std::uint32_t> deviceParameters_;

  DeviceMemory<std::uint64_t> keys_, merged_;
  DeviceMemory<KeptObject> ordered_, kept_;
  DeviceMemory<Gaussian> gaussians_;
  DeviceMemory<std::uint32_t> removed_;
  DeviceMemory<int> keptCounts_;

  PinnedMemory<int> counts_, classes_;
  PinnedMemory<Box> boxes_;
  PinnedMemory<float> thetas_, scores_;
  PinnedMemory<KeyPoint> points_;
};

}  // namespace trtyolo::cuda
