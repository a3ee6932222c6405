#include "runtime/tensorrt/executor.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/stopwatch.hpp"
#include "cuda/error.hpp"
#include "cuda/parameters.hpp"
#include "cuda/pointers.hpp"
#include "image/cuda/center_crop.hpp"
#include "image/cuda/letterbox.hpp"
#include "image/cuda/real_letterbox.hpp"
#include "image/grey.hpp"
#include "model/head.hpp"
#include "runtime/tensorrt/library.hpp"

namespace trtyolo::tensorrt {
namespace {

// Input shapes that are kept ready, of a dynamic model; each has a graph and the memory of its decoding.
constexpr std::size_t kMostShapes = 8;
// After so many failed attempts an engine counts as one that cannot be captured (loops, conditions, calls that wait for
// the device). A single attempt can also fail for lack of memory.
constexpr int kMostCaptureFailures = 3;

}  // namespace

struct Executor::Shape {
  Shape(int wantedBatch, Size wantedSize, const ModelDescription& description)
      : batch(wantedBatch), size(wantedSize), decoder(description, wantedBatch) {}

  int batch;
  Size size;
  std::vector<cuda::DeviceTensor> outputs;
  cuda::Decoder decoder;
  cuda::MaskDecoder masks;    // of segmenters
  cuda::PixelDecoder pixels;  // of semantic segmenters and depth estimators, in the place of the decoder
  cuda::Graph graph;
  bool started = false;  // the network has run in this shape: what it allocates late is there
};

Executor::Executor(const ExecutorSettings& settings)
    : settings_(settings),
      outputs_(settings.network.outputs().size()),
      cropTables_(static_cast<std::size_t>(settings.description.info.batch)),
      staging_(static_cast<std::size_t>(settings.description.info.batch)),
      slots_(staging_.size()),
      deviceSlots_(staging_.size()),
      context_(settings.network.createContext()) {}

Executor::~Executor() {
  // A call that threw may have left work behind, which uses what goes now.
  cuda::ignore(cudaStreamSynchronize(stream_.get()));
}

StageTimes Executor::predict(std::span<const ImageView> images, std::span<const Letterbox> letterboxes,
                             const PostprocessOptions& options, bool alone, std::span<Result> results) {
  Stopwatch watch("preprocess");
  StageTimes times;
  const ModelInfo& info = settings_.description.info;
  const auto least = static_cast<int>(settings_.network.inputs()[0].least.d[0]);
  const int batch = info.dynamicBatch ? std::max(static_cast<int>(images.size()), least) : info.batch;
  fillSlots(images, letterboxes, batch, alone);  // first: it may refuse an image
  Shape& shape = shapeFor(batch, letterboxes[0].network);
  const bool stale = prepare(shape, letterboxes, options);
  times.preprocess = watch.lap("inference");
  start(shape, stale);
  stream_.synchronize();
  times.inference = watch.lap("postprocess");
  if (!read(shape, options, results)) {
    // More runs of pixels than ever before: run again, with room for them.
    shape.masks.provideRuns();
    start(shape, true);
    stream_.synchronize();
    if (!read(shape, options, results)) {
      throw InferenceError("'" + settings_.network.file() + "': the masks need more room on every run");
    }
  }
  times.postprocess = watch.lap();
  return times;
}

// Takes over the parameters of a call; true if the graph must be captured again.
bool Executor::prepare(Shape& shape, std::span<const Letterbox> letterboxes, const PostprocessOptions& options) {
  if (mapsPixels()) {
    const OutputLayout& layout = settings_.description.layout;
    return shape.pixels.prepare(layout, shape.outputs[layout.boxes], letterboxes,
                                static_cast<std::size_t>(shape.batch));
  }
  bool stale = shape.decoder.prepare(options, shape.outputs);
  if (segments()) {
    const OutputLayout& layout = settings_.description.layout;
    stale = shape.masks.prepare(shape.outputs[layout.prototypes], shape.decoder.extraValues(),
                                static_cast<std::size_t>(layout.extra), layout.masksInBoxes,
                                static_cast<std::size_t>(shape.batch), shape.decoder.kept(), shape.decoder.keptCounts(),
                                shape.decoder.capacity()) ||
            stale;
    for (std::size_t i = 0; i < letterboxes.size(); ++i) {
      shape.masks.place(i, letterboxes[i], options.retinaMasks);
    }
  }
  return stale;
}

// False if there was not enough room for the masks.
bool Executor::read(const Shape& shape, const PostprocessOptions& options, std::span<Result> results) const {
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (mapsPixels()) {
      results[i] = shape.pixels.read(i, options);
      continue;
    }
    results[i] = shape.decoder.read(i);
    if (settings_.description.dropsEmpty) {
      dropEmptyBoxes(results[i]);
    }
    if (segments() && !shape.masks.read(i, results[i])) {
      return false;
    }
  }
  return true;
}

// Puts the work of one call on the stream.
void Executor::start(Shape& shape, bool stale) {
  if (stale) {
    shape.graph = {};
  }
  if (!shape.graph) {
    shape.outputs = outputsFor(shape.batch, shape.size);  // the context may have had another shape since
  }
  // The first run of a shape is not captured: the network may allocate in it.
  if (!shape.started || captureFailures_ >= kMostCaptureFailures) {
    enqueue(shape);
    shape.started = true;
    return;
  }
  if (!shape.graph) {
    try {
      shape.graph = cuda::Graph(stream_, [&] { enqueue(shape); });
      captureFailures_ = 0;
    } catch (const Error&) {
      ++captureFailures_;
      enqueue(shape);
      return;
    }
  }
  shape.graph.launch(stream_);
}

void Executor::enqueue(Shape& shape) {
  static_assert(sizeof(cuda::ImageSlot) % sizeof(std::uint32_t) == 0);
  const std::size_t slots = static_cast<std::size_t>(shape.batch) * sizeof(cuda::ImageSlot);
  cuda::bring({{slots_.get(), deviceSlots_.get(), slots},
               mapsPixels() ? shape.pixels.parameters() : shape.decoder.parameters(),
               segments() ? shape.masks.parameters() : cuda::Parameters()},
              stream_.get());
  const bool half = settings_.network.inputs()[0].half();
  if (settings_.description.centerCrop()) {
    cuda::centerCrop(deviceSlots_.get(), cropTables_.data(), cropTables_.stride(), shape.batch, shape.size,
                     settings_.description.normalization, input_.get(), half, stream_.get());
  } else if (settings_.description.filter == Filter::Real) {
    cuda::realLetterbox(deviceSlots_.get(), shape.batch, shape.size, settings_.description.normalization, input_.get(),
                        half, stream_.get());
  } else {
    cuda::letterbox(deviceSlots_.get(), shape.batch, shape.size, settings_.description.normalization, input_.get(),
                    half, stream_.get());
  }
  settings_.network.enqueue(*context_, stream_.get());
  if (mapsPixels()) {
    shape.pixels.enqueue(stream_.get());
    return;
  }
  shape.decoder.enqueue(deviceSlots_.get(), stream_.get());
  if (segments()) {
    shape.masks.enqueue(deviceSlots_.get(), stream_.get());
  }
}

Executor::Shape& Executor::shapeFor(int batch, Size size) {
  const auto found = std::find_if(shapes_.begin(), shapes_.end(),
                                  [&](const Shape& shape) { return shape.batch == batch && shape.size == size; });
  if (found != shapes_.end()) {
    shapes_.splice(shapes_.begin(), shapes_, found);
  } else {
    if (shapes_.size() >= kMostShapes) {
      shapes_.pop_back();
    }
    shapes_.emplace_front(batch, size, settings_.description);
  }
  Shape& shape = shapes_.front();
  // A captured graph has its shape; only what is enqueued anew asks the context.
  if (!shape.graph) {
    shape.outputs = outputsFor(batch, size);
  }
  return shape;
}

// Gives the context the shape and memory for it.
std::vector<cuda::DeviceTensor> Executor::outputsFor(int batch, Size size) {
  const Port& input = settings_.network.inputs()[0];
  const auto fail = [&](const std::string& what) {
    const std::string& file = settings_.network.file();
    return InferenceError("'" + file + "': " + what + wordsOfFailure("preparing '" + file + "'"));
  };
  Logger::take();
  const nvinfer1::Dims wanted{4, {batch, 3, size.height, size.width}};
  if (!context_->setInputShape(input.name.c_str(), wanted)) {
    throw fail("the engine does not take an input of " + std::to_string(batch) + " x 3 x " +
               std::to_string(size.height) + " x " + std::to_string(size.width));
  }
  bool moved = false;
  const auto provide = [&](cuda::DeviceMemory<std::byte>& memory, const nvinfer1::Dims& shape, const Port& port) {
    const std::size_t bytes = port.bytes(shape);
    if (bytes > memory.bytes()) {
      memory = {};
      memory = cuda::DeviceMemory<std::byte>(bytes);
      // Places of a batch that have no image are run too.
      cuda::check(cudaMemsetAsync(memory.get(), 0, bytes, stream_.get()), "clearing memory");
      moved = true;
    }
  };
  if (batch != scratchBatch_ || !(size == scratchSize_)) {
    moved = provideScratch(*context_, scratch_);
    scratchBatch_ = batch;
    scratchSize_ = size;
  }
  provide(input_, wanted, input);
  std::vector<cuda::DeviceTensor> tensors;
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    const Port& port = settings_.network.outputs()[i];
    const nvinfer1::Dims shape = context_->getTensorShape(port.name.c_str());
    if (std::any_of(shape.d, shape.d + std::max(shape.nbDims, 0), [](std::int64_t side) { return side < 0; })) {
      throw fail("the size of its output '" + port.name + "' is only known when it runs, which is not supported");
    }
    provide(outputs_[i], shape, port);
    tensors.push_back(port.tensor(shape));
  }
  if (moved) {
    forgetGraphs();
  }
  bool placed = context_->setTensorAddress(input.name.c_str(), input_.get());
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    tensors[i].data = outputs_[i].get();
    placed = placed && context_->setTensorAddress(settings_.network.outputs()[i].name.c_str(), outputs_[i].get());
  }
  if (!placed) {
    throw fail("TensorRT does not take the memory of its inputs and outputs");
  }
  return tensors;
}

// Captured graphs hold addresses.
void Executor::forgetGraphs() {
  for (Shape& shape : shapes_) {
    shape.graph = {};
  }
}

void Executor::fillSlots(std::span<const ImageView> images, std::span<const Letterbox> letterboxes, int batch,
                         bool alone) {
  if (settings_.description.centerCrop()) {
    bool moved = false;
    for (std::size_t i = 0; i < images.size(); ++i) {
      moved = cropTables_.provide(images[i].size, letterboxes[i].network) || moved;
    }
    if (moved) {
      forgetGraphs();
    }
  }
  for (std::size_t i = 0; i < static_cast<std::size_t>(batch); ++i) {
    cuda::ImageSlot slot;
    if (i < images.size()) {
      slot = cuda::slotFor(placed(i, settings_.description.seen(images[i]), letterboxes[i], alone), letterboxes[i]);
    }
    slots_.get()[i] = slot;
  }
  uploads_.run(stream_.get());
}

// The image where the kernels read it.
ImageView Executor::placed(std::size_t place, const ImageView& image, const Letterbox& box, bool alone) {
  const ModelDescription& model = settings_.description;
  const cuda::RowRange rows =
      model.centerCrop() ? cropTables_.fill(place, image.size, box.network, stream_.get()) : cuda::RowRange{};
  const bool device =
      image.memory == ImageMemory::AsOption ? settings_.deviceImages : image.memory == ImageMemory::Device;
  const bool made =
      (model.input.grey && image.channels != 1) || model.filter == Filter::Pillow || (image.rotation && !device);
  if (device) {
    const ImageView reached = onDevice(image);
    const ImageView found = image.rotation ? staging_[place].upright(reached, stream_.get()) : reached;
    if (!made) {
      return found;
    }
    const ImageView ready = makeOnProcessor(downloaded(found), box);
    return uploadedNow(staging_[place].copy(ready, {0, ready.size.height}, uploads_));
  }
  bool pinned = !made;
  for (const ImagePlane& plane : planesOf(image.inMemory(), 0, 1)) {
    const cudaPointerAttributes found = cuda::attributesOf(plane.data);
    if (found.type == cudaMemoryTypeDevice) {
      refuse("this image is in the memory of GPU " + std::to_string(found.device) +
             "; Image::memory, or InferOption::enableCudaMem() for all, says that images are there");
    }
    pinned = pinned && found.type == cudaMemoryTypeHost && found.devicePointer == plane.data;
  }
  const cuda::RowRange all{0, image.size.height};
  if (pinned) {
    // Kernels that read it across the bus begin at once, but keep the GPU from the networks of others meanwhile.
    return alone ? image : staging_[place].fetch(image, model.centerCrop() ? rows : all, stream_.get());
  }
  if (made) {
    return uploadedNow(staged(place, makeOnProcessor(image, box), box, rows));
  }
  return staged(place, image, box, rows);
}

// `rows` are those that a centre crop reads.
ImageView Executor::staged(std::size_t place, const ImageView& image, const Letterbox& box, cuda::RowRange rows) {
  if (settings_.description.centerCrop()) {
    return staging_[place].copy(image, rows, uploads_);
  }
  return settings_.description.filter == Filter::Bilinear
             ? staging_[place].copyLetterboxed(image, box, uploads_)
             : staging_[place].copy(image, {0, image.size.height}, uploads_);
}

// For an image that is there for this moment only.
ImageView Executor::uploadedNow(const ImageView& view) {
  uploads_.run(stream_.get());
  return view;
}

// The image as the kernels cannot make it, in grey, or scaled by another filter than theirs, or as it is too little to
// bring all of the image to them: a rotated part. Valid until the next call.
ImageView Executor::makeOnProcessor(const ImageView& image, const Letterbox& box) {
  const ModelDescription& model = settings_.description;
  const ImageView upright = rotatedCropper_.upright(image);
  const ImageView colours = model.input.grey ? greyOf(upright, model.normalization.swapRB, grey_) : upright;
  return model.filter == Filter::Pillow ? resampler_.byPillow(colours, box.scaled) : colours;
}

// The image in the processor's memory. Valid until the next call.
ImageView Executor::downloaded(const ImageView& image) {
  downloaded_.resize(bytesOf(image));
  ImagePlanes planes = planesOf(image, 0, image.size.height);
  std::uint8_t* to = downloaded_.data();
  for (std::size_t i = 0; i < planes.count; ++i) {
    ImagePlane& plane = planes.planes[i];
    cuda::check(cudaMemcpy2DAsync(to, plane.rowBytes, plane.row(0), plane.pitch, plane.rowBytes, plane.rows(),
                                  cudaMemcpyDefault, stream_.get()),
                "fetching an image");
    const std::size_t bytes = plane.rows() * plane.rowBytes;
    plane.data = to - static_cast<std::ptrdiff_t>(static_cast<std::size_t>(plane.first) * plane.rowBytes);
    plane.pitch = plane.rowBytes;
    to += bytes;
  }
  stream_.synchronize();
  return withPlanes(image, planes);
}

// The image as the device reaches it. A pointer of the caller's that it cannot follow would end every later call as
// well.
ImageView Executor::onDevice(const ImageView& image) const {
  const ImageView whole = image.inMemory();
  ImagePlanes planes = planesOf(whole, 0, whole.size.height);
  for (std::size_t i = 0; i < planes.count; ++i) {
    planes.planes[i].data = pointerOnDevice(planes.planes[i].data);
  }
  return withPlanes(image, planes);
}

const std::uint8_t* Executor::pointerOnDevice(const std::uint8_t* pointer) const {
  constexpr const char* kPromise =
      "enableCudaMem(), or Image::memory, says that the image is in the memory of the model's GPU; ";
  const cudaPointerAttributes attributes = cuda::attributesOf(pointer);
  const int own = cuda::currentDevice();
  if (attributes.type == cudaMemoryTypeDevice && attributes.device != own) {
    refuse(std::string(kPromise) + "this pointer is of GPU " + std::to_string(attributes.device) +
           ", the model is on GPU " + std::to_string(own) + "; clone(" + std::to_string(attributes.device) +
           ") makes one there");
  }
  if (attributes.devicePointer == nullptr) {
    refuse(std::string(kPromise) + "GPU " + std::to_string(own) + " cannot follow this pointer");
  }
  return static_cast<const std::uint8_t*>(attributes.devicePointer);
}

// Waits for what the call has begun, and throws.
void Executor::refuse(const std::string& why) const {
  stream_.synchronize();
  throw std::invalid_argument("predict: " + why);
}

}  // namespace trtyolo::tensorrt
