#include "runtime/openvino/context.hpp"

#include <algorithm>

#include "runtime/openvino/reader.hpp"
#include "runtime/stopwatch.hpp"

namespace trtyolo::openvino {

OpenVinoContext::OpenVinoContext(std::shared_ptr<const Engine> engine, ov::InferRequest request, const Head& head,
                                 const Normalization& normalization, ContextMemory& memory)
    : engine_(std::move(engine)),
      request_(std::move(request)),
      head_(head),
      normalization_(normalization),
      memory_(memory) {
  ++memory_.contexts;
}

OpenVinoContext::~OpenVinoContext() {
  count(0);
  --memory_.contexts;
}

RunTimes OpenVinoContext::predict(std::span<const ImageView> images, std::span<const Letterbox> letterboxes,
                                  const Thresholds& thresholds, std::span<Prediction> results) {
  Stopwatch watch("before");
  RunTimes times;
  const Size networkSize = letterboxes[0].network;
  ov::Tensor input = inputFor(images.size(), networkSize);
  const std::size_t slot =
      3 * static_cast<std::size_t>(networkSize.width) * static_cast<std::size_t>(networkSize.height);
  framed_.resize(input.get_shape()[0]);
  for (std::size_t i = 0; i < images.size(); ++i) {
    write(images[i], letterboxes[i], framed_[i], input.data<float>() + i * slot);
  }
  times.before = watch.lap("network");
  run();
  times.network = watch.lap("after");

  std::vector<TensorView> outputs;
  std::size_t bytes = input.get_byte_size();
  for (std::size_t i = 0; i < engine_->description().info.outputs.size(); ++i) {
    const ov::Tensor tensor = request_.get_output_tensor(i);
    const ov::Shape& shape = tensor.get_shape();
    outputs.push_back({tensor.data<const float>(), {shape.begin(), shape.end()}});
    bytes += tensor.get_byte_size();
  }
  count(bytes);
  for (std::size_t i = 0; i < images.size(); ++i) {
    results[i] = head_.decode(outputs, i, letterboxes[i], thresholds);
  }
  times.after = watch.lap();
  return times;
}

void OpenVinoContext::count(std::size_t bytes) {
  if (bytes != bytes_) {
    memory_.bytes += bytes - bytes_;
    bytes_ = bytes;
  }
}

void OpenVinoContext::write(const ImageView& image, const Letterbox& box, Framed& framed, float* planes) {
  if (engine_->description().centerCrop()) {
    cropper_.write(image, box.network, normalization_, planes);
    return;
  }
  const bool stands = framed.planes == planes && framed.box.sameFrame(box);
  framed.planes = nullptr;  // should the writing fail
  letterboxer_.write(image, box, normalization_, planes, stands ? Border::Keep : Border::Write);
  framed = {planes, box};
}

// The request's input in the shape of this call.
ov::Tensor OpenVinoContext::inputFor(std::size_t images, Size networkSize) {
  const ModelInfo& info = engine_->description().info;
  const std::size_t batch = info.dynamicBatch ? images : static_cast<std::size_t>(info.batch);
  const ov::Shape shape{batch, 3, static_cast<std::size_t>(networkSize.height),
                        static_cast<std::size_t>(networkSize.width)};
  ov::Tensor input = request_.get_input_tensor();
  if (input.get_shape() != shape) {
    framed_.clear();  // images of another size lie elsewhere, over the borders of these
    input.set_shape(shape);
  }
  return input;
}

// Asynchronous even though it waits: a synchronous run borrows the calling thread, ties OpenVINO's streams to the
// identities of callers' threads, and lets two callers share what belongs to one stream.
void OpenVinoContext::run() {
  try {
    request_.start_async();
    request_.wait();
  } catch (const std::exception& error) {
    throw InferenceError("'" + engine_->description().info.file +
                         "': OpenVINO failed to run the network: " + plainMessage(error));
  }
}

}  // namespace trtyolo::openvino
