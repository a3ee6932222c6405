// What runs one call on the GPU: an execution context with its stream, memory, and captured graphs.
#pragma once

#include <NvInfer.h>

#include <cstdint>
#include <list>
#include <memory>
#include <span>
#include <vector>

#include "cuda/memory.hpp"
#include "cuda/stream.hpp"
#include "image/cuda/image_slot.hpp"
#include "image/rotated_crop.hpp"
#include "model/cuda/decoder.hpp"
#include "model/cuda/masks.hpp"
#include "model/cuda/pixels.hpp"
#include "runtime/engine.hpp"
#include "runtime/tensorrt/crop_tables.hpp"
#include "runtime/tensorrt/network.hpp"
#include "runtime/tensorrt/staging.hpp"

namespace trtyolo::tensorrt {

// What executors of an engine have in common; all of it outlives them.
struct ExecutorSettings {
  const Network& network;
  const ModelDescription& description;
  bool deviceImages = false;
};

// One call at a time, on the device that was current when it was made.
class Executor {
 public:
  explicit Executor(const ExecutorSettings& settings);
  ~Executor();

  // As Context::predict(); `alone`: no other call runs on this engine. After an exception the executor must be
  // destroyed.
  StageTimes predict(std::span<const ImageView> images, std::span<const Letterbox> letterboxes,
                     const PostprocessOptions& options, bool alone, std::span<Result> results);

 private:
  // What belongs to inputs of one shape.
  struct Shape;

  Shape& shapeFor(int batch, Size size);
  std::vector<cuda::DeviceTensor> outputsFor(int batch, Size size);
  bool prepare(Shape& shape, std::span<const Letterbox> letterboxes, const PostprocessOptions& options);
  bool read(const Shape& shape, const PostprocessOptions& options, std::span<Result> results) const;
  bool segments() const { return settings_.description.info.task == Task::Segment; }
  bool mapsPixels() const { return settings_.description.layout.pixelMaps(); }
  void enqueue(Shape& shape);
  void start(Shape& shape, bool stale);
  void fillSlots(std::span<const ImageView> images, std::span<const Letterbox> letterboxes, int batch, bool alone);
  ImageView placed(std::size_t place, const ImageView& image, const Letterbox& box, bool alone);
  ImageView staged(std::size_t place, const ImageView& image, const Letterbox& box, cuda::RowRange rows);
  ImageView uploadedNow(const ImageView& view);
  ImageView makeOnProcessor(const ImageView& image, const Letterbox& box);
  ImageView downloaded(const ImageView& image);
  void forgetGraphs();
  ImageView onDevice(const ImageView& image) const;
  const std::uint8_t* pointerOnDevice(const std::uint8_t* pointer) const;
  [[noreturn]] void refuse(const std::string& why) const;

  ExecutorSettings settings_;
  cuda::Stream stream_;
  cuda::DeviceMemory<std::byte> input_;
  std::vector<cuda::DeviceMemory<std::byte>> outputs_;
  CropTables cropTables_;
  Resampler resampler_;
  RotatedCropper rotatedCropper_;
  std::vector<std::uint8_t> grey_, downloaded_;  // an image, while it is made
  std::vector<Staging> staging_;                 // of each place in the batch
  Uploads uploads_;
  cuda::PinnedMemory<cuda::ImageSlot> slots_;
  cuda::DeviceMemory<cuda::ImageSlot> deviceSlots_;
  cuda::ScratchMemory<std::byte> scratch_;
  int scratchBatch_ = 0;  // that the context has scratch for
  Size scratchSize_;
  std::unique_ptr<nvinfer1::IExecutionContext> context_;  // behind the memory that it uses
  std::list<Shape> shapes_;                               // the latest used first
  int captureFailures_ = 0;                               // one after the other
};

}  // namespace trtyolo::tensorrt
