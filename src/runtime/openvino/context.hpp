// OpenVINO's context: one infer request, written into and decoded from where its tensors lie.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <openvino/openvino.hpp>
#include <vector>

#include "model/head.hpp"
#include "runtime/engine.hpp"
#include "runtime/input_writer.hpp"

namespace trtyolo::openvino {

// What all contexts of an engine have in memory. Any thread.
struct ContextMemory {
  std::atomic<int> contexts = 0;
  std::atomic<std::size_t> bytes = 0;  // of inputs and outputs
};

class OpenVinoContext final : public Context {
 public:
  // `head` and `memory` belong to the engine.
  OpenVinoContext(std::shared_ptr<const Engine> engine, ov::InferRequest request, const Head& head,
                  ContextMemory& memory);
  ~OpenVinoContext() override;

  StageTimes predict(std::span<const ImageView> images, std::span<const Letterbox> letterboxes,
                     const PostprocessOptions& options, std::span<Result> results) override;

 private:
  float* inputFor(std::size_t images, Size networkSize);
  std::vector<TensorView> run();
  void count(std::size_t bytes);

  std::shared_ptr<const Engine> engine_;  // before the request: it must outlive it
  ov::InferRequest request_;
  const Head& head_;
  ContextMemory& memory_;
  std::size_t bytes_ = 0;  // of memory_.bytes, this context's
  InputWriter writer_;
  std::vector<InputWriter::BorderState> borders_;  // of each place in the batch
};

}  // namespace trtyolo::openvino
