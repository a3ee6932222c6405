// OpenVINO's context: one infer request, written into and decoded from where its tensors lie.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <openvino/openvino.hpp>
#include <vector>

#include "image/center_crop.hpp"
#include "model/head.hpp"
#include "runtime/engine.hpp"

namespace trtyolo::openvino {

// What all contexts of an engine have in memory. Any thread.
struct ContextMemory {
  std::atomic<int> contexts = 0;
  std::atomic<std::size_t> bytes = 0;  // of inputs and outputs
};

class OpenVinoContext final : public Context {
 public:
  // `head`, `normalization` and `memory` belong to the engine.
  OpenVinoContext(std::shared_ptr<const Engine> engine, ov::InferRequest request, const Head& head,
                  const Normalization& normalization, ContextMemory& memory);
  ~OpenVinoContext() override;

  RunTimes predict(std::span<const ImageView> images, std::span<const Letterbox> letterboxes,
                   const Thresholds& thresholds, std::span<Prediction> results) override;

 private:
  // What a border was last written around, and where: it stands as long as the next image goes to the same place.
  struct Framed {
    const float* planes = nullptr;
    Letterbox box;
  };

  void write(const ImageView& image, const Letterbox& box, Framed& framed, float* planes);
  ov::Tensor inputFor(std::size_t images, Size networkSize);
  void run();
  void count(std::size_t bytes);

  std::shared_ptr<const Engine> engine_;  // before the request: it must outlive it
  ov::InferRequest request_;
  const Head& head_;
  const Normalization& normalization_;
  ContextMemory& memory_;
  std::size_t bytes_ = 0;  // of memory_.bytes, this context's
  CenterCropper cropper_;
  Letterboxer letterboxer_;
  std::vector<Framed> framed_;  // of each place in the batch
};

}  // namespace trtyolo::openvino
