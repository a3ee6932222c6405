#include "runtime/openvino/context.hpp"

#include "base/stopwatch.hpp"
#include "runtime/openvino/reader.hpp"

namespace trtyolo::openvino {

OpenVinoContext::OpenVinoContext(std::shared_ptr<const Engine> engine, ov::InferRequest request, const Head& head,
                                 ContextMemory& memory)
    : engine_(std::move(engine)), request_(std::move(request)), head_(head), memory_(memory) {
  ++memory_.contexts;
}

OpenVinoContext::~OpenVinoContext() {
  count(0);
  --memory_.contexts;
}

StageTimes OpenVinoContext::predict(std::span<const ImageView> images, std::span<const Letterbox> letterboxes,
                                    const PostprocessOptions& options, std::span<Result> results) {
  Stopwatch watch("preprocess");
  StageTimes times;
  const Size networkSize = letterboxes[0].network;
  const std::string& file = engine_->description().info.file;
  float* const input = askOpenVino<InferenceError>(file, "OpenVINO has no input tensor for these images",
                                                   [&] { return inputFor(images.size(), networkSize); });
  const auto channels = static_cast<std::size_t>(engine_->description().input.channels);
  const std::size_t slot =
      channels * static_cast<std::size_t>(networkSize.width) * static_cast<std::size_t>(networkSize.height);
  for (std::size_t i = 0; i < images.size(); ++i) {
    writer_.write(engine_->description(), images[i], letterboxes[i], borders_[i], input + i * slot);
  }
  times.preprocess = watch.lap("inference");
  const std::vector<TensorView> outputs =
      askOpenVino<InferenceError>(file, "OpenVINO failed to run the network", [&] { return run(); });
  times.inference = watch.lap("postprocess");
  for (std::size_t i = 0; i < images.size(); ++i) {
    results[i] = head_.decode(outputs, i, letterboxes[i], options);
    if (engine_->description().dropsEmpty) {
      dropEmptyBoxes(results[i]);
    }
  }
  times.postprocess = watch.lap();
  return times;
}

void OpenVinoContext::count(std::size_t bytes) {
  if (bytes != bytes_) {
    memory_.bytes += bytes - bytes_;
    bytes_ = bytes;
  }
}

// The request's input in the shape of this call.
float* OpenVinoContext::inputFor(std::size_t images, Size networkSize) {
  const ModelInfo& info = engine_->description().info;
  const std::size_t batch = info.dynamicBatch ? images : static_cast<std::size_t>(info.batch);
  const auto channels = static_cast<std::size_t>(engine_->description().input.channels);
  const ov::Shape shape{batch, channels, static_cast<std::size_t>(networkSize.height),
                        static_cast<std::size_t>(networkSize.width)};
  ov::Tensor input = request_.get_input_tensor();
  if (input.get_shape() != shape) {
    borders_.clear();  // images of another size lie elsewhere, over the borders of these
    try {
      input.set_shape(shape);
    } catch (...) {
      // Without memory for the shape it has none at all, and does not know it.
      const ov::PartialShape shapes = request_.get_compiled_model().input().get_partial_shape();
      request_.set_input_tensor(ov::Tensor(input.get_element_type(), shapes.get_min_shape()));
      throw;
    }
  }
  borders_.resize(batch);
  return input.data<float>();
}

// Asynchronous even though it waits: a synchronous run borrows the calling thread, ties OpenVINO's streams to the
// identities of callers' threads, and lets two callers share what belongs to one stream.
std::vector<TensorView> OpenVinoContext::run() {
  request_.start_async();
  request_.wait();
  std::vector<TensorView> outputs;
  std::size_t bytes = request_.get_input_tensor().get_byte_size();
  for (std::size_t i = 0; i < engine_->description().outputs; ++i) {
    const ov::Tensor tensor = request_.get_output_tensor(i);
    const ov::Shape& shape = tensor.get_shape();
    outputs.push_back({tensor.data<const float>(), {shape.begin(), shape.end()}});
    bytes += tensor.get_byte_size();
  }
  count(bytes);
  return outputs;
}

}  // namespace trtyolo::openvino
